/// The text exposition format of Prometheus, version 0.0.4.
package enum PrometheusText {
    /// All numbers, those of one name together.
    package static func render(_ metrics: MetricWriter) -> String {
        var text = ""
        for family in metrics.families {
            if !family.help.isEmpty { text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n" }
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            for sample in family.samples {
                text += family.name
                if !sample.labels.isEmpty {
                    let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
                    text += "{\(labels.joined(separator: ","))}"
                }
                text += " \(sample.value.text)\n"
            }
        }
        return text
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.contains(where: { $0 == "\\" || $0.isNewline || $0 == "\"" }) else { return text }
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\\\"
            case "\"" where quotes: result += "\\\""
            case _ where character.isNewline: result += "\\n"
            default: result.append(character)
            }
        }
        return result
    }
}
