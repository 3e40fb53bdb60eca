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

let package = Package(
    name: "media-relay",
    targets: [
        .target(name: "WireFormat", swiftSettings: strict),
        .testTarget(name: "WireFormatTests", dependencies: ["WireFormat"], swiftSettings: strict),
    ]
)
