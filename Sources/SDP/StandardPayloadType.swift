/// What a static RTP payload type means without an `a=rtpmap` line (RFC 3551 §6, tables 4 and 5).
struct StandardPayloadType {
    let encodingName: String
    /// In Hz. G722 says 8000 although it samples at 16000 (RFC 3551 §4.5.2).
    let clockRate: UInt32
    let channels: UInt8

    /// As `a=rtpmap` has it; a single channel is not mentioned.
    var encoding: String { channels > 1 ? "\(encodingName)/\(clockRate)/\(channels)" : "\(encodingName)/\(clockRate)" }

    private init(_ encodingName: String, _ clockRate: UInt32, channels: UInt8 = 1) {
        (self.encodingName, self.clockRate, self.channels) = (encodingName, clockRate, channels)
    }

    /// `nil` for reserved, unassigned and dynamic payload types.
    init?(_ payloadType: UInt8) {
        switch payloadType {
        case 0: self.init("PCMU", 8000)
        case 3: self.init("GSM", 8000)
        case 4: self.init("G723", 8000)
        case 5: self.init("DVI4", 8000)
        case 6: self.init("DVI4", 16000)
        case 7: self.init("LPC", 8000)
        case 8: self.init("PCMA", 8000)
        case 9: self.init("G722", 8000)
        case 10: self.init("L16", 44100, channels: 2)
        case 11: self.init("L16", 44100)
        case 12: self.init("QCELP", 8000)
        case 13: self.init("CN", 8000)
        case 14: self.init("MPA", 90000)
        case 15: self.init("G728", 8000)
        case 16: self.init("DVI4", 11025)
        case 17: self.init("DVI4", 22050)
        case 18: self.init("G729", 8000)
        case 25: self.init("CelB", 90000)
        case 26: self.init("JPEG", 90000)
        case 28: self.init("nv", 90000)
        case 31: self.init("H261", 90000)
        case 32: self.init("MPV", 90000)
        case 33: self.init("MP2T", 90000)
        case 34: self.init("H263", 90000)
        default: return nil
        }
    }
}
