import RelayOperations
import Synchronization
import Testing

@Suite("What is written in the background")
struct BackgroundWriterTests {
    @Test("is waited for, also for a part of a second")
    func flushes() throws {
        let written = Mutex<[Int]>([])
        let writer = try BackgroundWriter<Int>(name: "test", limit: 100) { items, _ in
            written.withLock { $0 += items }
        }
        for number in 0..<10 { writer.add(number) }
        // A machine may be busy for so long, but not each time.
        #expect((0..<100).contains { _ in writer.flush(within: .milliseconds(999)) })
        #expect(written.withLock { $0 } == Array(0..<10))
        writer.stop(within: .seconds(120))
    }
}
