internal import Foundation
internal import WireFormat

/// The classic capture file of libpcap (pcap-savefile(5)).
package enum CaptureFile {
    package enum Problem: Error { case notACapture, linkType(UInt32), incomplete(at: Int) }

    private static let (headerLength, recordHeaderLength, ethernetHeaderLength) = (24, 16, 14)
    /// LINKTYPE_ETHERNET; the loopback interface has it too.
    private static let ethernet: UInt32 = 1

    /// Every UDP datagram in a file, in order.
    package static func datagrams(in path: String) throws -> [CapturedDatagram] {
        let file = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        let bytes = file.span
        guard bytes.count >= headerLength, let magic: UInt32 = bytes.bigEndian(at: 0) else { throw Problem.notACapture }
        let swapped: Bool
        switch magic {  // time stamps in micro- or nanoseconds, in the byte order of the machine that wrote them
        case 0xA1B2_C3D4, 0xA1B2_3C4D: swapped = false
        case 0xD4C3_B2A1, 0x4D3C_B2A1: swapped = true
        default: throw Problem.notACapture
        }
        func number(at offset: Int) throws -> UInt32 {
            guard let value: UInt32 = bytes.bigEndian(at: offset) else { throw Problem.incomplete(at: offset) }
            return swapped ? value.byteSwapped : value
        }
        guard try number(at: 20) & 0xFFFF == ethernet else { throw Problem.linkType(try number(at: 20)) }

        var datagrams: [CapturedDatagram] = []
        var offset = headerLength
        while offset < bytes.count {
            let length = Int(try number(at: offset + 8))
            let start = offset + recordHeaderLength
            guard start + length <= bytes.count else { throw Problem.incomplete(at: offset) }
            offset = start + length
            guard length > ethernetHeaderLength else { continue }
            let packet = bytes.extracting(start + ethernetHeaderLength..<offset)
            if let datagram = CapturedDatagram(ip: packet) { datagrams.append(datagram) }
        }
        return datagrams
    }
}
