import CLinux

/// Tells which of many sockets have something to read.
final class Readiness {
    private let descriptor: Int32
    private var tags = [UInt64](repeating: 0, count: 256)

    /// Watches sockets; each is named by its index.
    init(_ sockets: [UDPSocket]) throws(BenchError) {
        descriptor = try checked(clinux_epoll_create(), "watch sockets")
        for (index, socket) in sockets.enumerated() {
            try checked(clinux_epoll_add(descriptor, socket.descriptor, UInt64(index)), "watch a socket")
        }
    }

    deinit { _ = clinux_close(descriptor) }

    /// The sockets that have something to read now, up to 256 of them.
    func ready() throws(BenchError) -> [Int] {
        // SAFETY: pointer and capacity come from the same array, written only during the call.
        let count = unsafe tags.withUnsafeMutableBufferPointer {
            unsafe clinux_epoll_wait(descriptor, $0.baseAddress, Int32($0.count), 0)
        }
        return tags.prefix(Int(try checked(count, "watch sockets"))).map { Int($0) }
    }
}
