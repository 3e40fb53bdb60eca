internal import SDP
public import WireFormat

/// Which codecs of an SDP go on to the other side. Nothing is converted: a codec can only be left out or moved forward.
///
/// Names are as in the SDP, `PCMA`, `opus/48000` or `opus/48000/2`; letter case does not matter. `all` and `full` stand
/// for every codec.
public struct CodecSelection: Hashable, Sendable {
    /// Codecs to leave out.
    public var strip: [ByteString] = []
    /// Codecs to take back of those left out, in this order: after those that stay, before what accompanies speech.
    public var offer: [ByteString] = []
    /// Codecs that stay although all others are left out, where they are.
    public var except: [ByteString] = []
    /// Only the first codec stays, and what accompanies one: DTMF events and comfort noise.
    public var keepsFirstOnly = false

    /// Leaves all codecs as they are.
    public init() {}

    var isEmpty: Bool { self == CodecSelection() }

    /// The payload types that stay; all of them if none would.
    ///
    /// - Parameter encoding: what a payload type stands for, as in `a=rtpmap`; `nil` when the SDP does not say.
    func select(from payloadTypes: [UInt8], encoding: (UInt8) -> ByteString?) -> [UInt8] {
        guard !isEmpty else { return payloadTypes }
        let codecs = payloadTypes.map { (payloadType: $0, name: encoding($0).map(CodecName.init)) }
        func isNamed(_ list: [CodecName], _ name: CodecName?) -> Bool {
            name.map { name in list.contains { $0.covers(name) } } ?? false
        }
        let (stripped, kept) = (strip.map(CodecName.init), except.map(CodecName.init))
        let stripsAll = stripped.contains { $0.meansAll }
        var staying = codecs.filter { codec in
            !(stripsAll || isNamed(stripped, codec.name)) || isNamed(kept, codec.name)
        }
        for wanted in offer.map(CodecName.init) where !staying.contains(where: { isNamed([wanted], $0.name) }) {
            let place = staying.firstIndex { $0.name?.accompaniesOthers == true } ?? staying.endIndex
            staying.insert(contentsOf: codecs.filter { isNamed([wanted], $0.name) }, at: place)
        }
        let selected = staying.map(\.payloadType)
        guard keepsFirstOnly else { return selected.isEmpty ? payloadTypes : selected }
        let companions = Set(codecs.filter { $0.name?.accompaniesOthers == true }.map(\.payloadType))
        let first = selected.first { !companions.contains($0) }
        let single = selected.filter { $0 == first || companions.contains($0) }
        return single.isEmpty ? payloadTypes : single
    }
}

/// A codec's name in lower case, split at its slashes: `opus`, `48000`, `2`.
private struct CodecName {
    private let parts: [[UInt8]]

    init(_ text: ByteString) {
        parts = text.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).prefix(3).map { part in
            part.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
        }
    }

    var meansAll: Bool { parts.first == Array("all".utf8) || parts.first == Array("full".utf8) }

    /// DTMF events (RFC 4733) and comfort noise (RFC 3389) are sent beside a codec.
    var accompaniesOthers: Bool {
        parts.first == Array("telephone-event".utf8) || parts.first == Array("cn".utf8)
    }

    /// True when `other` is this codec; what this name does not say is not compared.
    func covers(_ other: CodecName) -> Bool {
        guard let name = parts.first, name == other.parts.first else { return false }
        for index in 1..<3 where index < parts.count && !parts[index].isEmpty {
            let theirs = index < other.parts.count ? other.parts[index] : index == 2 ? Array("1".utf8) : []
            if parts[index] != theirs { return false }
        }
        return true
    }
}
