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

/// The core and its simulation are optimised in debug builds too: tests simulate days, and take a minute in place of four.
/// `UNUM_PLAIN=1` leaves it out: for a debugger, and for ThreadSanitizer, which does not see that an array is written only
/// by its last owner once the optimiser has taken the counting of owners in.
let optimised: [SwiftSetting] =
  Context.environment["UNUM_PLAIN"] == nil ? [.unsafeFlags(["-O"], .when(configuration: .debug))] : []

/// Whether the fuzzer is built, and only that (`Tests/Fuzz/run`): its program has libFuzzer's `main`, which no other build
/// could link.
let isFuzzing = Context.environment["UNUM_FUZZ"] != nil

/// What the fuzzer's entry functions need. They are a test target, which replays the corpus; for the fuzzer a library.
let fuzzed: [Target.Dependency] = [
  "Agent",
  "Gossip",
  "unum",
  .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOEmbedded", package: "swift-nio"),
]

/// Whether the hot operations are built besides, of which instructions and allocations are counted
/// (`Tests/Benchmarks/counters`): nobody else needs that program.
let isCounting = Context.environment["UNUM_COUNTERS"] != nil

/// Whether only the core, its simulation and their tests are built, which need no dependency: from nothing in a minute,
/// and again in seconds after a change (`Tests/Mutation/run` builds hundreds of variants at once).
let isCore = Context.environment["UNUM_CORE"] != nil

// unum (program) -> Agent (sockets, HTTP, log) -> Platform (the C library) -> Gossip (pure) <- Simulation
let package = Package(
  name: "unum",
  // Only macOS has versions to name. This one has `Span`; nobody has tried Unum there yet.
  platforms: [.macOS("26.0")],
  products: [.executable(name: "unum", targets: ["unum"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // Pinned to a minor release: sending goes through `Channel._channelCore` (`SocketTransport`), which may change with the
    // next. To move on, raise this and run `.ci/run tests counters`: a node that can't send fails the first, and one that
    // has to go another way the second.
    .package(url: "https://github.com/apple/swift-nio", .upToNextMinor(from: "2.101.2")),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(name: "Gossip", exclude: ["README.md"], swiftSettings: strict + optimised),
    .target(
      name: "Simulation", dependencies: ["Gossip"], exclude: ["README.md"], swiftSettings: strict + optimised),
    .target(name: "Platform", dependencies: ["Gossip"], swiftSettings: strict),
    .target(
      name: "Agent",
      dependencies: [
        "Gossip",
        "Platform",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "unum",
      dependencies: [
        "Agent",
        "Gossip",
        "Platform",
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
    .testTarget(
      name: "SimulationTests", dependencies: ["Agent", "Gossip", "Simulation"], exclude: ["LEDGER.md"],
      swiftSettings: strict),
    .testTarget(
      name: "AgentTests",
      dependencies: [
        "Agent",
        "Gossip",
        "Platform",
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
    .testTarget(
      name: "ProgramTests",
      dependencies: [
        "unum", "Agent", "Gossip", "Platform", "Simulation",
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "FuzzTests", dependencies: fuzzed, path: "Tests/Fuzz",
      exclude: ["Corpus", "Program", "README.md", "dictionary", "run"], sources: ["Targets", "Replay"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

if isFuzzing {
  // A program cannot be linked into another: of `unum` the fuzzer takes what reads options, as a library of that name.
  package.products = [.executable(name: "fuzz", targets: ["fuzz"])]
  package.targets.removeAll { $0.name == "unum" || $0.type == .test }
  package.targets += [
    .target(
      name: "unum",
      dependencies: ["Agent", "Gossip", .product(name: "Logging", package: "swift-log")],
      sources: ["Configuration"], swiftSettings: strict),
    .target(name: "FuzzTargets", dependencies: fuzzed, path: "Tests/Fuzz/Targets", swiftSettings: strict),
    .executableTarget(
      name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Program", swiftSettings: strict),
  ]
}

if isCounting {
  package.products.append(.executable(name: "operations", targets: ["operations"]))
  package.targets.append(
    .executableTarget(
      name: "operations",
      dependencies: [
        "Agent",
        "Gossip",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Tests/Benchmarks/Operations", swiftSettings: strict))
}

if isCore {
  package.products = []
  package.dependencies = []
  package.targets.removeAll { !["Gossip", "Simulation", "GossipTests", "SimulationTests"].contains($0.name) }
  for target in package.targets where target.name == "SimulationTests" {
    target.dependencies = ["Gossip", "Simulation"]
  }
}
