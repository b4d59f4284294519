// swift-tools-version: 6.2
import PackageDescription

/// The same strict settings for every target: what the compiler can check is not left to a reader.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// A bug in the core, put in on purpose: tests that break a cluster must be seen to find it (`Tests/Deploy/run`). Never
/// set in a build that anyone uses.
let planted = Context.environment["UNUM_PLANTED"].map { [SwiftSetting.define("PLANTED_" + $0)] } ?? []

// unum (program) -> Agent (sockets, HTTP, clock, log) -> Gossip (pure) <- Simulation
let package = Package(
  name: "unum",
  products: [.executable(name: "unum", targets: ["unum"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(name: "Gossip", swiftSettings: strict + planted),
    .target(name: "Simulation", dependencies: ["Gossip"], swiftSettings: strict),
    .target(
      name: "Agent",
      dependencies: [
        "Gossip",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "unum",
      dependencies: [
        "Agent",
        "Gossip",
        "Simulation",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict
    ),
    .testTarget(name: "GossipTests", dependencies: ["Gossip"], exclude: ["Scenarios"], swiftSettings: strict),
    .testTarget(name: "SimulationTests", dependencies: ["Gossip", "Simulation"], swiftSettings: strict),
    .testTarget(
      name: "AgentTests",
      dependencies: [
        "Agent",
        "Gossip",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict
    ),
    .testTarget(name: "ProgramTests", dependencies: ["unum", "Agent", "Gossip"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
