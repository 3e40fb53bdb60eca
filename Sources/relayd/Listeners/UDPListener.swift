internal import RelayControl
internal import RelayCore
internal import Synchronization
internal import WireFormat

/// Answers control messages on one UDP address, from a thread of its own.
final class UDPListener: Sendable {
    private let loop: Loop
    private let thread: SystemThread

    /// Binds the address and starts to listen.
    ///
    /// - Parameter tos: the TOS octet or traffic class of the answers.
    init(at local: TransportAddress, tos: UInt8, handler: any NGMessageHandler) throws(SystemError) {
        let loop = try Loop(at: local, tos: tos, handler: handler)
        self.loop = loop
        thread = try SystemThread(name: "ng-udp") { loop.run() }
    }

    /// Answers that the kernel did not take.
    var sendErrors: UInt64 { loop.sendErrors.load(ordering: .relaxed) }

    /// Sets the TOS octet or traffic class of the answers from now on.
    func setTOS(_ tos: UInt8) { loop.setTOS(tos) }

    /// Ends the thread. Answers that are still in work go out as long as their handler keeps them.
    func stop() {
        loop.stop()
        thread.join()
    }

    private final class Loop: Sendable {
        /// Messages taken between two looks at whether to stop.
        private static let batch = 64
        private static let socketTag: UInt64 = 0

        private let socket: ControlSocket
        private let family: AddressFamily
        private let poller: Poller
        private let handler: any NGMessageHandler
        private let isStopping = Atomic(false)
        let sendErrors = Atomic<UInt64>(0)

        init(at local: TransportAddress, tos: UInt8, handler: any NGMessageHandler) throws(SystemError) {
            self.handler = handler
            family = local.address.family
            socket = try ControlSocket(at: local, tos: tos)
            poller = try Poller()
            try poller.add(socket.udp, tag: Self.socketTag)
        }

        func setTOS(_ tos: UInt8) { socket.udp.setTOS(tos, family: family) }

        func stop() {
            isStopping.store(true, ordering: .releasing)
            poller.wake()
        }

        func run() {
            var tags = [UInt64](repeating: 0, count: 2)
            while !isStopping.load(ordering: .acquiring) {
                _ = poller.wait(&tags, milliseconds: -1)
                for _ in 0..<Self.batch {
                    guard let (message, source, local) = socket.receive() else { break }
                    handler.receive(message, from: source) { [self] answer in
                        guard socket.send(answer, to: source, from: local) else {
                            sendErrors.wrappingAdd(1, ordering: .relaxed)
                            return
                        }
                    }
                }
            }
            poller.remove(socket.udp)
        }
    }
}
