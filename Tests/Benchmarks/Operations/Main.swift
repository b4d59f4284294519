// Does one hot operation so often and ends: `operations NAME COUNT`. `Tests/Benchmarks/counters` counts the instructions
// and allocations of COUNT and of twice COUNT; the difference is what one operation costs, without what starts and ends.
//
// Counts, not times: they are the same on a busy machine as on a quiet one, to a fraction of a percent, and so a change
// that costs two percent is seen. Rejected: a benchmark framework, which measures times and takes minutes for each.

import Glibc

/// What can be done, by the name in the table of thresholds.
enum Operation: String, CaseIterable {
  /// `GET /get` and `GET /set/<n>`, each asked when the one before is answered.
  case httpGet = "http-get"
  case httpSet = "http-set"
  /// `GET /get`, sixteen in one segment: the request without the system calls.
  case httpGetPipelined = "http-get-pipelined"
  /// A member's ping over a socket, and the ack over it.
  case datagram
  /// The same in the core alone.
  case ping
  /// A member's datagram with a greater stamp: taken, published, pushed on in three rounds.
  case stamp
  /// A client's write: published, answered, pushed in three rounds.
  case write
  /// A member's datagram with news of another member, among a hundred and among a thousand: merged, told on.
  case change100 = "change-100"
  case change1000 = "change-1000"
  /// Not counted: so many nodes that answer, until the standard input ends (`Tests/Benchmarks/http many`).
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
