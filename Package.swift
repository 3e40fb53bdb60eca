// swift-tools-version: 6.2
import PackageDescription

/// One list for every target: Swift 6 language mode, strict memory safety, and no warning survives.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

/// The fuzz targets are in the package only when they are asked for: `Fuzz/run` does.
let fuzzTargets: [Target] =
    Context.environment["RELAY_FUZZ"] == nil
    ? []
    : [
        "FuzzNGBody", "FuzzFlagString", "FuzzNGStream", "FuzzSDP", "FuzzPacket", "FuzzRecord", "FuzzRedisReply",
    ].map { name in
        .executableTarget(
            name: name, dependencies: ["NGProtocol", "SDP", "RelayCore", "RelayStore", "WireFormat"],
            path: "Fuzz/\(name)",
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
    }

/// So are the load generator and what counts allocations: all scripts ask for them.
let hasBench = Context.environment["RELAY_BENCH"] != nil
let benchProducts: [Product] =
    hasBench ? ["relay-bench", "relay-counts"].map { .executable(name: $0, targets: [$0]) } : []
let benchTargets: [Target] =
    hasBench
    ? [
        .target(
            name: "CBench", dependencies: ["CLinux"], path: "Benchmarks/CBench",
            cSettings: [.headerSearchPath("../../Sources/CLinux")]),
        .target(
            name: "RelayBenchKit", dependencies: ["NGProtocol", "WireFormat"], path: "Benchmarks/RelayBenchKit",
            swiftSettings: strict),
        .executableTarget(
            name: "relay-bench",
            dependencies: [
                "CBench", "CLinux", "RelayBenchKit", "RelayCore", "WireFormat",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Benchmarks/relay-bench", swiftSettings: strict),
        .executableTarget(
            name: "relay-counts",
            dependencies: [
                "AllocationCount", "NGProtocol", "RelayControl", "RelayCore", "RelayKernel", "SDP", "WireFormat",
                .product(name: "Logging", package: "swift-log"),
            ], path: "Benchmarks/relay-counts", swiftSettings: strict),
        .testTarget(
            name: "RelayBenchTests", dependencies: ["NGProtocol", "RelayBenchKit", "WireFormat"], swiftSettings: strict),
    ] : []

let package = Package(
    name: "media-relay",
    products: [
        .library(name: "RelayCore", targets: ["RelayCore"]),
        .library(name: "RelayStore", targets: ["RelayStore"]),
        .executable(name: "relayd", targets: ["relayd"]),
        .executable(name: "relayctl", targets: ["relayctl"]),
    ] + benchProducts,
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        .target(name: "CLinux"),
        .target(name: "WireFormat", swiftSettings: strict),
        .target(name: "SDP", dependencies: ["WireFormat"], swiftSettings: strict),
        .target(name: "NGProtocol", dependencies: ["WireFormat"], swiftSettings: strict),
        .target(
            name: "RelayCore",
            dependencies: [
                "CLinux", "SDP", "WireFormat", .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .target(
            name: "RelayStore",
            dependencies: [
                "CHiredis", "CLinux", "NGProtocol", "RelayCore", "SDP", "WireFormat",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .target(
            name: "RelayControl",
            dependencies: [
                "NGProtocol", "RelayCore", "RelayStore", "WireFormat",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .target(
            name: "RelayOperations",
            dependencies: [
                "DaemonOptions", "NGProtocol", "RelayControl", "RelayCore", "WireFormat",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .target(
            name: "RelayFailover",
            dependencies: ["RelayCore", "WireFormat", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict),
        .target(
            name: "DaemonOptions",
            dependencies: ["RelayCore", "WireFormat", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict),
        .systemLibrary(name: "CBPF", pkgConfig: "libbpf", providers: [.apt(["libbpf-dev"])]),
        .target(name: "CRelayKernel", dependencies: ["CLinux"], cSettings: [.headerSearchPath("../CLinux")]),
        .executableTarget(name: "bpf-embed", swiftSettings: strict),
        .plugin(name: "BPFProgram", capability: .buildTool(), dependencies: ["bpf-embed"]),
        .target(
            name: "RelayKernel",
            dependencies: [
                "CBPF", "CRelayKernel", "RelayCore", "WireFormat",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ], exclude: ["bpf"], swiftSettings: strict, plugins: ["BPFProgram"]),
        .executableTarget(
            name: "relayd",
            dependencies: [
                "CLinux", "NGProtocol", "RelayControl", "RelayCore", "RelayFailover", "RelayKernel", "RelayOperations",
                "RelayStore",
                "DaemonOptions",
                "WireFormat",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .target(
            name: "HostTuning", dependencies: ["CLinux", "RelayCore", "WireFormat"], swiftSettings: strict),
        .executableTarget(
            name: "relayctl",
            dependencies: [
                "DaemonOptions", "HostTuning", "RelayCore", "WireFormat",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ], swiftSettings: strict),

        // As another package would write it: it sees what is public, and nothing else.
        .executableTarget(
            name: "shared-calls-example", dependencies: ["RelayCore", "RelayStore"], path: "Examples/SharedCalls",
            packageAccess: false, swiftSettings: strict),
        .target(name: "CAllocCounter", path: "Tests/CAllocCounter"),
        .target(name: "CPrograms", path: "Tests/CPrograms"),
        .target(
            name: "AllocationCount", dependencies: ["CAllocCounter"], path: "Tests/AllocationCount",
            swiftSettings: strict),
        .target(
            name: "RelayTestSupport",
            dependencies: [
                "CPrograms", "RelayCore", "RelayKernel", "WireFormat",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ], path: "Tests/RelayTestSupport", swiftSettings: strict),
        .testTarget(name: "WireFormatTests", dependencies: ["WireFormat"], swiftSettings: strict),
        .testTarget(
            name: "SDPTests", dependencies: ["SDP", "WireFormat"], exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "NGProtocolTests", dependencies: ["NGProtocol", "WireFormat"], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(
            name: "RelayCoreTests", dependencies: ["RelayCore", "RelayTestSupport", "SDP", "WireFormat"],
            swiftSettings: strict),
        .testTarget(
            name: "RelayControlTests",
            dependencies: [
                "AllocationCount",
                "NGProtocol", "RelayControl", "RelayCore", "RelayKernel", "RelayStore", "RelayTestSupport",
                "WireFormat",
            ], exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "RelayOperationsTests",
            dependencies: [
                "DaemonOptions", "NGProtocol", "RelayControl", "RelayCore", "RelayOperations", "WireFormat",
            ], swiftSettings: strict),
        .testTarget(
            name: "RelayStoreTests",
            dependencies: [
                "RelayCore", "RelayStore", "RelayTestSupport", "SDP", "WireFormat", "shared-calls-example",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(
            name: "RelayKernelTests",
            dependencies: [
                "CRelayKernel", "RelayCore", "RelayKernel", "RelayTestSupport", "WireFormat",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RelayFailoverTests",
            dependencies: [
                "RelayCore", "RelayFailover", "RelayTestSupport", "WireFormat",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(
            name: "HostTuningTests", dependencies: ["HostTuning", "WireFormat"], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(name: "DaemonOptionsTests", dependencies: ["DaemonOptions", "WireFormat"], swiftSettings: strict),
        .testTarget(
            name: "RelaydTests", dependencies: ["relayd", "relayctl", "RelayTestSupport", "WireFormat"],
            swiftSettings: strict),
    ] + benchTargets + fuzzTargets
)
