internal import CLinux
internal import Glibc

/// One end of a pair of sockets between a relay and the process that guards it. Messages stay whole and in order; the end
/// of either process closes its end. Any thread sends, one thread receives; whoever made it closes it.
package struct GuardChannel: Sendable {
    /// Octets of a message; of a longer one the beginning arrives. The longest say why a relay could not start.
    private static let capacity = 1024

    package let descriptor: Int32

    /// The end that was inherited under this number.
    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Both ends of a new pair; neither is inherited unless it is named to `GuardedProcess.start`.
    package static func pair() throws(SystemError) -> (GuardChannel, GuardChannel) {
        var ends: [Int32] = [-1, -1]
        // SAFETY: the shim writes two numbers into an array of two.
        let result = unsafe clinux_channel_open(&ends)
        guard result == 0 else { throw SystemError(errno: -result, operation: "socketpair") }
        return (GuardChannel(descriptor: ends[0]), GuardChannel(descriptor: ends[1]))
    }

    /// Sends a message without waiting; false when the other end is closed or does not read.
    ///
    /// - Parameter descriptors: at most 8, of which the other process gets copies.
    @discardableResult
    package func send(_ text: String, descriptors: [Int32] = []) -> Bool {
        let bytes = Array(text.utf8)
        // SAFETY: both arrays live across the call, which only reads them.
        return unsafe bytes.withUnsafeBytes { bytes in
            unsafe clinux_channel_send(
                descriptor, bytes.baseAddress, bytes.count, descriptors, Int32(descriptors.count))
        } == 0
    }

    package enum Input: Equatable, Sendable {
        /// The descriptors that came with it are the receiver's to close.
        case message(String, descriptors: [Int32])
        case nothing
        /// The other end is closed: its process is gone, or about to be.
        case closed
    }

    /// Takes the next message without waiting.
    package func receive() -> Input {
        var buffer = [UInt8](repeating: 0, count: Self.capacity)
        var descriptors = [Int32](repeating: -1, count: CLINUX_CHANNEL_DESCRIPTORS)
        var count: Int32 = 0
        // SAFETY: at most as many bytes and descriptors are written as the arrays have room for.
        let got = unsafe buffer.withUnsafeMutableBytes {
            unsafe clinux_channel_receive(descriptor, $0.baseAddress, $0.count, &descriptors, &count)
        }
        if got == -Int(EAGAIN) { return .nothing }
        guard got > 0 else { return .closed }
        return .message(String(decoding: buffer[..<got], as: UTF8.self), descriptors: Array(descriptors[..<Int(count)]))
    }

    package func close() { _ = clinux_close(descriptor) }
}
