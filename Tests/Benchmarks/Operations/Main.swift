// Does one hot operation so often, and ends: `operations NAME COUNT`. `Tests/Benchmarks/counters` counts the
// instructions and allocations of COUNT and of twice COUNT. From the difference follows the cost of one operation,
// without start and end.
//
// It counts and does not time. Counts are the same on a busy machine as on a quiet one, to a fraction of a percent, so a
// change that costs two percent shows. Rejected: a benchmark framework, which measures times and takes minutes for each.

import Glibc

/// The operations, by their names in the table of limits.
enum Operation: String, CaseIterable {
  /// `GET /get` and `GET /set/<n>`, each sent after the answer to the one before.
  case httpGet = "http-get"
  case httpSet = "http-set"
  /// `GET /get`, sixteen in one segment: the request without the system calls.
  case httpGetPipelined = "http-get-pipelined"
  /// A member's ping over a socket, and its ack.
  case datagram
  /// The same in the core alone.
  case ping
  /// A member's datagram with a greater stamp: merged, published, pushed in three rounds.
  case stamp
  /// A client's write: published, answered, pushed in three rounds.
  case write
  /// A member's datagram with news of another member, among a hundred and among a thousand: merged, relayed.
  case change100 = "change-100"
  case change1000 = "change-1000"
  /// Not counted: so many nodes that answer, until standard input ends (`Tests/Benchmarks/http many`).
  case company

  func run(_ count: Int) async throws {
    switch self {
    case .httpGet: try await Clients.ask("GET /get", count)
    case .httpSet: try await Clients.ask("GET /set/5", count)
    case .httpGetPipelined: try await Clients.ask("GET /get", count, pipelined: 16)
    case .datagram: try await Clients.ping(count)
    case .ping: CoreOperations.pings(count, members: 100)
    case .stamp: CoreOperations.stamps(count, members: 100)
    case .write: CoreOperations.writes(count, members: 100)
    case .change100: CoreOperations.changes(count, members: 100)
    case .change1000: CoreOperations.changes(count, members: 1000)
    case .company: try await Company.keep(count)
    }
  }
}

@main
enum Main {
  static func main() async throws {
    let words = CommandLine.arguments.dropFirst()
    guard let name = words.first, let operation = Operation(rawValue: name), let count = words.last.flatMap({ Int($0) })
    else {
      print("usage: operations NAME COUNT, with a NAME of:", Operation.allCases.map(\.rawValue).joined(separator: " "))
      exit(64)
    }
    try await operation.run(count)
  }
}
