// swift-tools-version: 6.2
import PackageDescription

/// Every target has the same strict settings: what the compiler can check, no reader has to.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// The core and its simulation are optimised in debug builds too: tests simulate days, and take one minute instead of
/// four. `UNUM_PLAIN=1` turns this off. A debugger needs that, and so does ThreadSanitizer: once the optimiser has
/// inlined reference counting, it no longer sees that only an array's last owner writes to it.
let optimised: [SwiftSetting] =
  Context.environment["UNUM_PLAIN"] == nil ? [.unsafeFlags(["-O"], .when(configuration: .debug))] : []

/// Whether to build only the fuzzer (`Tests/Fuzz/run`). Its program has libFuzzer's `main`, which no other build could
/// link.
let isFuzzing = Context.environment["UNUM_FUZZ"] != nil

/// What the fuzzer's entry functions need. In tests they are a test target that replays the corpus; in the fuzzer, a
/// library.
let fuzzed: [Target.Dependency] = [
  "Agent",
  "Gossip",
  "unum",
  .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOEmbedded", package: "swift-nio"),
]

/// Whether to also build the program of hot operations, whose instructions and allocations `Tests/Benchmarks/counters`
/// counts. Nobody else needs it.
let isCounting = Context.environment["UNUM_COUNTERS"] != nil

/// Whether to leave out the tests of the core and of its simulation. They are most of what a build compiles, and they have
/// neither pointers nor threads, so the sanitizers (`.ci/run asan tsan`) find nothing in them.
let isSanitized = Context.environment["UNUM_SANITIZED"] != nil

/// Whether to build only the core, its simulation and their tests, which need no dependency. A full build takes a minute,
/// and seconds after a change (`Tests/Mutation/run` builds hundreds of variants at once).
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
    // Pinned to a minor release: sending goes through `Channel._channelCore` (`SocketTransport`), which may change with
    // the next. To move on, raise this and run `.ci/run tests counters`. If nodes cannot send, the tests fail; if they
    // have to send another way, the counters fail.
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
  // A program cannot be linked into another, so the fuzzer takes only the part of `unum` that reads options, as a
  // library.
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

if isSanitized {
  package.targets.removeAll { ["GossipTests", "SimulationTests"].contains($0.name) }
}

if isCore {
  package.products = []
  package.dependencies = []
  package.targets.removeAll { !["Gossip", "Simulation", "GossipTests", "SimulationTests"].contains($0.name) }
  for target in package.targets where target.name == "SimulationTests" {
    target.dependencies = ["Gossip", "Simulation"]
  }
}
