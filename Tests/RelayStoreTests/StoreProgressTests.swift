import Testing

@testable import RelayStore

@Suite("How far a relay has come with its store")
struct StoreProgressTests {
    private static let now: UInt64 = 100_000_000_000

    /// Of a relay that is in step, with one change.
    private static func progress(_ change: (inout StoreProgress) -> Void = { _ in }) -> StoreProgress {
        var progress = StoreProgress()
        (progress.canWrite, progress.canRead, progress.isReadComplete, progress.isAudited) = (true, true, true, true)
        (progress.lastComplete, progress.position, progress.settledSequence) = (now - 1_000_000_000, 7, 7)
        change(&progress)
        return progress
    }

    @Test("all is read, and all is written")
    func inStep() {
        #expect(Self.progress().step(at: Self.now) == .inStep)
        #expect(StoreProgress().step(at: Self.now) == .unreachable)
    }

    @Test("a store that takes nothing leaves nobody behind who has read it to its end")
    func takesNothing() {
        for isAudited in [true, false] {
            let progress = Self.progress { ($0.canWrite, $0.isAudited) = (false, isAudited) }
            #expect(progress.step(at: Self.now) == .unreachable)
            #expect(!progress.isInStep(at: Self.now))
        }
    }

    @Test("who lacks something is behind, whether the store takes anything or not", arguments: [true, false])
    func behind(canWrite: Bool) {
        func isBehind(_ change: (inout StoreProgress) -> Void) -> Bool {
            let progress = Self.progress {
                $0.canWrite = canWrite
                change(&$0)
            }
            return progress.step(at: Self.now) == .behind
        }
        #expect(isBehind { $0.isReadComplete = false })
        #expect(isBehind { $0.position = 6 })
        #expect(isBehind { $0.lastComplete = Self.now - StoreProgress.freshness })
    }

    @Test("what cannot be read leaves nobody behind either")
    func cannotRead() {
        for canWrite in [true, false] {
            let progress = Self.progress { ($0.canRead, $0.canWrite, $0.position) = (false, canWrite, 1) }
            #expect(progress.step(at: Self.now) == .unreachable)
        }
    }

    @Test("until everything has been compared it counts as behind")
    func notAudited() { #expect(Self.progress { $0.isAudited = false }.step(at: Self.now) == .behind) }
}
