// Options and addresses: lines of `option=value` or `VARIABLE=value`, as people write them, and every way in which the
// program reads an address from text.

import Agent
import Gossip

@testable import unum

/// Each line is a setting; a line without `=` is the host name. The result must be a configuration with which a node can
/// run, or an error of one line.
func fuzzOptions(_ bytes: [UInt8]) throws(BrokenRule) {
  let text = String(decoding: bytes, as: UTF8.self)
  var flags: [Setting: String] = [:]
  var environment: [String: String] = [:]
  var hostName = "host"
  for line in text.split(separator: "\n") {
    try fuzzAddress(String(line))
    guard let equals = line.firstIndex(of: "=") else {
      hostName = String(line)
      continue
    }
    let (name, value) = (String(line[..<equals]), String(line[line.index(after: equals)...]))
    if let setting = Setting(rawValue: name) { flags[setting] = value } else { environment[name] = value }
  }
  do {
    try checkConfiguration(try resolve(flags: flags, environment: environment, hostName: hostName))
  } catch let error as ConfigurationError {
    let line = ForeignText.visible(error.description, limit: .max)
    try expect(!line.contains(where: \.isNewline), "an error of several lines: \(line)")
    try expect(line.utf8.count < Limits.errorLine, "an error of \(line.utf8.count) bytes")
  } catch let error as BrokenRule {
    throw error
  } catch {
    throw BrokenRule("\(error)")
  }
}

private enum Limits {
  /// A value is cut to 80 characters, each of which may have many bytes. A host in a list is not cut; it has at most 253
  /// bytes, or what was typed. Input has at most 4 KiB, and an escaped byte takes at most 8.
  static let errorLine = 40_000
}

private func checkConfiguration(_ configuration: ServeConfiguration) throws(BrokenRule) {
  let agent = configuration.agent
  for label in [agent.name, agent.cluster] {
    try expect((1...Wire.maximumName).contains(label.utf8.count), "a label of \(label.utf8.count) bytes")
    try expect(ForeignText.isVisible(label), "control characters in \(label)")
  }
  for address in [agent.bind, agent.http] { try checkSpelling(address) }
  if let advertise = agent.advertise {
    try expect(advertise.with(port: 1).isReachable, "\(advertise) is advertised")
    try checkSpelling(advertise)
  }
  for host in agent.seeds + agent.notify {
    guard let parsed = HostPort(host, defaultPort: 1) else { throw BrokenRule("\(host) passed as a host") }
    try expect(parsed.port != 0, "\(host) has port 0")
    if let address = Address(ip: parsed.host, port: parsed.port) {
      try expect(address.isReachable, "\(host) passed as a host")
    }
  }
  try expect(Set(agent.seeds).count == agent.seeds.count, "a seed twice in \(agent.seeds)")
  // A host name keeps its spaces. A label that people type loses those at both ends, and must not be blank.
  let spaces: [Character?] = [" ", "\t"]
  let isTyped = !spaces.contains(agent.name.first) && !spaces.contains(agent.name.last)
  let again = try? resolve(
    flags: [.join: agent.seeds.joined(separator: ","), .bind: agent.bind.description],
    environment: isTyped ? [Setting.name.variable: agent.name] : [:], hostName: agent.name)
  try expect(again?.agent.seeds == agent.seeds, "\(agent.seeds) reads otherwise the second time")
  try expect(again?.agent.bind == agent.bind, "\(agent.bind) reads otherwise the second time")
  try expect(again?.agent.name == agent.name, "\(agent.name) reads otherwise the second time")
}

/// Reads one text as an address, and as the bytes of one.
private func fuzzAddress(_ text: String) throws(BrokenRule) {
  if let parsed = HostPort(text, defaultPort: 7946) {
    try expect(!parsed.host.isEmpty, "no host in \(text)")
    if let address = Address(ip: parsed.host, port: parsed.port) { try checkSpelling(address) }
  }
  var input = FuzzInput(Array(text.utf8))
  try checkSpelling(Address(high: input.integer(), low: input.integer(), port: input.integer()))
}

/// An address that we print reads as the same one.
private func checkSpelling(_ address: Address) throws(BrokenRule) {
  let text = address.description
  guard let parsed = HostPort(text, defaultPort: 0) else { throw BrokenRule("\(text) is no host and port") }
  try expect(Address(ip: parsed.host, port: parsed.port) == address, "\(text) reads as another address")
}
