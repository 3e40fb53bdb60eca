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
    convenience init(at local: TransportAddress, tos: UInt8, handler: any NGMessageHandler) throws(SystemError) {
        try self.init(ControlSocket(at: local, tos: tos), family: local.address.family, handler: handler)
    }

    /// Starts to listen on a socket that is bound already.
    init(_ socket: ControlSocket, family: AddressFamily, handler: any NGMessageHandler) throws(SystemError) {
        let loop = try Loop(socket, family: family, handler: handler)
        self.loop = loop
        thread = try SystemThread(name: "ng-udp") { loop.run() }
    }

    /// Answers that the kernel did not take.
    var sendErrors: UInt64 { loop.sendErrors.load(ordering: .relaxed) }

    /// Sets the TOS octet or traffic class of the answers from now on.
    func setTOS(_ tos: UInt8) { loop.setTOS(tos) }

    /// Has a message answered as if it had come by the socket: on the same thread, by the same handler. At most one waits.
    func ask(_ message: [UInt8], reply: @escaping @Sendable ([UInt8]) -> Void) {
        loop.ask(message, reply: reply)
    }

    /// Ends the thread. Answers that are still in work go out as long as their handler keeps them.
    func stop() {
        loop.stop()
        thread.join()
    }

    private final class Loop: Sendable {
        /// While messages follow each other within this time, the thread asks for the next one instead of going to sleep:
        /// falling asleep and being woken takes longer. Nanoseconds; five times a busy proxy's pace.
        private static let patience: UInt64 = 100_000
        /// What a datagram can carry: 65,535 octets less its headers (RFC 768, RFC 791).
        private static let longestAnswer = 65_507
        private static let socketTag: UInt64 = 0
        private static let nobody = TransportAddress(.unspecified(.ipv4), port: 0)

        private let socket: ControlSocket
        private let family: AddressFamily
        private let poller: Poller
        private let handler: any NGMessageHandler
        private let isStopping = Atomic(false)
        let sendErrors = Atomic<UInt64>(0)
        /// From within, to be answered like all others.
        private let isAsked = Atomic(false)
        private let question = Mutex<(message: [UInt8], reply: @Sendable ([UInt8]) -> Void)?>(nil)

        init(_ socket: ControlSocket, family: AddressFamily, handler: any NGMessageHandler) throws(SystemError) {
            (self.socket, self.family, self.handler) = (socket, family, handler)
            poller = try Poller()
            try poller.add(socket.udp, tag: Self.socketTag)
        }

        func setTOS(_ tos: UInt8) { socket.udp.setTOS(tos, family: family) }

        func stop() {
            isStopping.store(true, ordering: .releasing)
            poller.wake()
        }

        func ask(_ message: [UInt8], reply: @escaping @Sendable ([UInt8]) -> Void) {
            question.withLock { $0 = (message, reply) }
            isAsked.store(true, ordering: .releasing)
            poller.wake()
        }

        private func answerQuestion() {
            isAsked.store(false, ordering: .relaxed)
            guard let question = question.withLock({ $0.take() }) else { return }
            handler.receive(question.message, from: Self.nobody, reply: question.reply)
        }

        func run() {
            var tags = [UInt64](repeating: 0, count: 2)
            // When the last message was done with, and how long the one before it had kept us waiting.
            var (done, gap) = (SystemClock.monotonic, UInt64.max)
            while !isStopping.load(ordering: .acquiring) {
                if isAsked.load(ordering: .relaxed) { answerQuestion() }
                let messages = socket.receive()
                if !messages.isEmpty {
                    gap = SystemClock.monotonic &- done
                    answer(messages)
                    done = SystemClock.monotonic
                } else if gap > Self.patience || SystemClock.monotonic &- done > Self.patience {
                    gap = .max
                    _ = poller.wait(&tags, milliseconds: -1)
                }
            }
            poller.remove(socket.udp)
        }

        /// Carries messages out in the order in which they have come. The answers to several leave together.
        private func answer(_ messages: [ControlMessage]) {
            let areMany = messages.count > 1
            if areMany { socket.hold() }
            for message in messages {
                handler.receive(message.bytes, from: message.source, limit: Self.longestAnswer) { [self] answer in
                    count(socket.send(answer, to: message.source, from: message.local))
                }
            }
            if areMany { count(socket.sendHeld()) }
        }

        private func count(_ refused: Int) {
            if refused > 0 { sendErrors.wrappingAdd(UInt64(refused), ordering: .relaxed) }
        }
    }
}
