import Testing

/// Everything that happens in the kernel, one test at a time: they share a network.
@Suite(
    "In the kernel", .serialized, .enabled(if: TestNetwork.isPossible, Comment(rawValue: TestNetwork.obstacle ?? "")))
enum KernelTests {}
