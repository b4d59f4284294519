// The kinds of values that options have, each with its check and with the words for what is wrong.

import Agent
import Gossip
import Logging

extension Options {
  /// More seeds or peers than this are a mistake: the address book, which keeps all seeds, has 64 entries.
  private static let maximumHosts = 64
  /// A day; nobody who wants lines rarer than that wants them at all.
  private static let maximumSeconds = 86_400
  /// The longest host name of DNS, in text (RFC 1035, section 2.3.4).
  private static let maximumHostName = 253

  /// An address to bind: `ip`, `ip:port`, `[v6]:port` or `:port` for all IPv4 addresses. Port 0 takes any free one.
  func socket(_ setting: Setting, default standard: Address) throws(ConfigurationError) -> Address {
    guard let given = given(setting) else { return standard }
    let isPortAlone = given.text.hasPrefix(":") && !given.text.dropFirst().contains(":")
    let text = isPortAlone ? "0.0.0.0" + given.text : given.text
    let remedy = "give ip, ip:port or [ipv6]:port, such as \(setting.defaultText) or [::]:\(standard.port)"
    guard let address = Options.address(text, defaultPort: standard.port) else {
      throw given.error("not an IP address and port", remedy: remedy)
    }
    guard address.isUnspecified || address.with(port: 1).isReachable else {
      throw given.error("nobody can listen on a multicast or broadcast address", remedy: remedy)
    }
    return address
  }

  /// The address that peers are told; nil leaves it to the agent to find. Port 0 stands for the bound port.
  ///
  /// The agent checks the families as well, for callers that have no options; here the mistake ends with status 64, and
  /// before anything is bound.
  func advertised(boundTo bind: Address) throws(ConfigurationError) -> Address? {
    guard let given = given(.advertise) else { return nil }
    let remedy = "give the ip or ip:port at which other machines reach this node"
    guard let address = Options.address(given.text, defaultPort: 0) else {
      throw given.error("not an IP address", remedy: remedy)
    }
    guard address.with(port: 1).isReachable else {
      throw given.error("nobody can be reached at an unspecified, multicast or broadcast address", remedy: remedy)
    }
    guard bind.isDualStack || address.isIPv4 == bind.isIPv4 else {
      throw given.error(
        "is \(address.isIPv4 ? "IPv4" : "IPv6"), but \(Setting.bind.flag) \(bind) is not",
        remedy: "bind to [::]:\(bind.port), which takes both, or advertise an address of the other family")
    }
    return address
  }

  /// A comma-separated list of hosts, trimmed, in order, each once. It may be empty, also as a flag: that is how a flag
  /// says "none" over the environment; commas alone are no such wish, but names that somebody left out.
  func hosts(_ setting: Setting, defaultPort: UInt16) throws(ConfigurationError) -> [String] {
    guard let given = given(setting) else { return [] }
    var hosts: [String] = []
    for part in given.text.split(separator: ",") {
      let host = part.trimmingSpaces()
      guard !host.isEmpty, !hosts.contains(host) else { continue }
      guard Options.isHost(host, defaultPort: defaultPort) else {
        throw given.error(
          "'\(host)' is not a host that can be reached",
          remedy: "give host, host:port or [ipv6]:port, separated by commas, such as node1:\(defaultPort)")
      }
      hosts.append(host)
    }
    guard !hosts.isEmpty || !given.text.contains(",") else {
      throw given.error("no host between the commas", remedy: "name them, or leave it empty for none")
    }
    guard hosts.count <= Options.maximumHosts else {
      throw given.error("\(hosts.count) hosts", remedy: "give at most \(Options.maximumHosts), a few are enough")
    }
    return hosts
  }

  /// A label for people: not blank, no control characters, at most `Wire.maximumName` bytes of UTF-8.
  func label(_ setting: Setting) throws(ConfigurationError) -> String? {
    guard let given = given(setting) else { return nil }
    let text = given.text[...].trimmingSpaces()
    let remedy = "give 1 to \(Wire.maximumName) bytes of text in one line"
    guard !text.isEmpty else { throw given.error("is blank", remedy: remedy) }
    guard text.utf8.count <= Wire.maximumName else {
      throw given.error("is \(text.utf8.count) bytes of UTF-8", remedy: remedy)
    }
    guard ForeignText.isVisible(text) else { throw given.error("has control characters", remedy: remedy) }
    return text
  }

  /// One of the cases of an enumeration. Upper and lower case are the same: LOG_LEVEL=INFO is as common as info.
  func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ setting: Setting, default standard: Choice
  ) throws(ConfigurationError) -> Choice {
    guard let given = given(setting) else { return standard }
    guard let choice = Choice(rawValue: given.text.lowercased()) else {
      let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw given.error("unknown", remedy: "give one of \(all)")
    }
    return choice
  }

  /// Whole seconds.
  func wholeSeconds(_ setting: Setting, default standard: Int) throws(ConfigurationError) -> Int {
    guard let given = given(setting) else { return standard }
    guard let seconds = Int(given.text), (0...Options.maximumSeconds).contains(seconds) else {
      throw given.error(
        "not a number of seconds", remedy: "give a whole number from 0 (never) to \(Options.maximumSeconds)")
    }
    return seconds
  }

  /// The system's host name as a label: it is nobody's mistake when it is too long, so it is cut, and named when empty.
  static func cut(_ hostName: String) -> String {
    var name = ""
    for character in hostName where ForeignText.isVisible(String(character)) {
      guard name.utf8.count + character.utf8.count <= Wire.maximumName else { break }
      name.append(character)
    }
    return name.allSatisfy { $0 == " " } ? "unnamed" : name
  }

  /// A numeric address with its port.
  private static func address(_ text: String, defaultPort: UInt16) -> Address? {
    guard let parsed = hostPort(text, defaultPort: defaultPort) else { return nil }
    return Address(ip: parsed.host, port: parsed.port)
  }

  /// Whether a seed or peer can be right: a reachable numeric address, or what could be a name, with a port that is
  /// not 0. A name whose last label is a number is no name (RFC 1123, section 2.1): `10.0.0.300` is a typing error.
  private static func isHost(_ text: String, defaultPort: UInt16) -> Bool {
    guard let parsed = hostPort(text, defaultPort: defaultPort) else { return false }
    if let address = Address(ip: parsed.host, port: parsed.port) { return address.isReachable }
    let isName = parsed.host.utf8.count <= maximumHostName && !parsed.host.contains(":") && parsed.port != 0
    let labels = parsed.host.split(separator: ".", omittingEmptySubsequences: false)
    let last = labels.last { !$0.isEmpty } ?? ""
    return isName && !last.isEmpty && !last.allSatisfy(\.isNumber)
  }

  /// A host and a port of only such characters as either may have; brackets are for IPv6.
  private static func hostPort(_ text: String, defaultPort: UInt16) -> HostPort? {
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let isPlain = { (byte: UInt8) in letters.contains(byte | 0x20) || "0123456789.:-_[]".utf8.contains(byte) }
    guard text.utf8.allSatisfy(isPlain), let parsed = HostPort(text, defaultPort: defaultPort) else { return nil }
    guard !parsed.host.contains("["), !parsed.host.contains("]") else { return nil }
    return text.hasPrefix("[") && !parsed.host.contains(":") ? nil : parsed
  }
}

extension Substring {
  /// Without spaces and tabs at either end.
  func trimmingSpaces() -> String {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
      return ""
    }
    return String(self[first...last])
  }
}
