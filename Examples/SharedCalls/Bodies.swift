/// What two telephones would say.
let inviteBody = audio(port: 41_000)
let okBody = audio(port: 41_002)

private func audio(port: Int) -> [UInt8] {
    let lines = [
        "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", "m=audio \(port) RTP/AVP 8",
    ]
    return Array(lines.map { $0 + "\r\n" }.joined().utf8)
}
