// The options that were given, and a way to read each kind of value from them. Each kind has its check, and its message
// for a value that is wrong.

import Agent
import Gossip
import Logging

/// Flags and environment, and the ways to read a value from them.
struct GivenOptions {
  let flags: [Setting: String]
  let environment: [String: String]

  /// The value that applies, if any was given. Only an empty variable counts as unset: somebody who types an option and
  /// leaves its value empty has made a mistake, but compose files and manifests set empty variables all the time.
  func given(_ setting: Setting) -> Given? {
    if let flag = flags[setting] { return Given(setting: setting, text: flag, isFlag: true) }
    guard let variable = environment[setting.variable], !variable.isEmpty else { return nil }
    return Given(setting: setting, text: variable, isFlag: false)
  }
}

extension GivenOptions {
  /// More seeds or peers than this are a mistake: the address book must hold all seeds, and it has 64 entries.
  private static let maximumHosts = 64
  /// A day. Nobody wants lines that come less often than that.
  private static let maximumSeconds = 86_400
  /// The longest host name in DNS, as text (RFC 1035, section 2.3.4).
  private static let maximumHostName = 253

  /// An address to bind: `ip`, `ip:port`, `[v6]:port` or `:port` for all IPv4 addresses. Port 0 takes any free one.
  func socket(_ setting: Setting, default standard: Address) throws(ConfigurationError) -> Address {
    guard let given = given(setting) else { return standard }
    let isPortAlone = given.text.hasPrefix(":") && !given.text.dropFirst().contains(":")
    let text = isPortAlone ? "0.0.0.0" + given.text : given.text
    let remedy = "give ip, ip:port or [ipv6]:port, such as \(setting.defaultText) or [::]:\(standard.port)"
    guard let address = GivenOptions.address(text, defaultPort: standard.port) else {
      throw given.error("not an IP address and port", remedy: remedy)
    }
    guard address.isUnspecified || address.with(port: 1).isReachable else {
      throw given.error("a multicast or broadcast address cannot be listened on", remedy: remedy)
    }
    return address
  }

  /// The address to tell peers. With nil the agent finds one itself. Port 0 stands for the bound port.
  ///
  /// The agent checks the address families too, for callers without options. If the check fails here, the program ends
  /// with status 64 and before anything is bound.
  func advertised(boundTo bind: Address) throws(ConfigurationError) -> Address? {
    guard let given = given(.advertise) else { return nil }
    let remedy = "give the ip or ip:port at which other machines reach this node"
    guard let address = GivenOptions.address(given.text, defaultPort: 0) else {
      throw given.error("not an IP address", remedy: remedy)
    }
    guard address.with(port: 1).isReachable else {
      throw given.error("an unspecified, multicast or broadcast address reaches no node", remedy: remedy)
    }
    guard bind.isDualStack || address.isIPv4 == bind.isIPv4 else {
      throw given.error(
        "is \(address.isIPv4 ? "IPv4" : "IPv6"), but \(Setting.bind.flag) \(bind) is not",
        remedy: "bind to [::]:\(bind.port), which takes both, or advertise an address of the other family")
    }
    return address
  }

  /// A comma-separated list of hosts, trimmed, in order, each once. It may be empty, even as a flag, so that a flag can
  /// say "none" over the environment. Commas alone do not mean "none": they mean that somebody forgot the names.
  func hosts(_ setting: Setting, defaultPort: UInt16) throws(ConfigurationError) -> [String] {
    guard let given = given(setting) else { return [] }
    var hosts: [String] = []
    for part in given.text.split(separator: ",") {
      let host = part.trimmingSpaces()
      guard !host.isEmpty, !hosts.contains(host) else { continue }
      guard GivenOptions.isHost(host, defaultPort: defaultPort) else {
        throw given.error(
          "'\(host)' is not a host that can be reached",
          remedy: "give host, host:port or [ipv6]:port, separated by commas, such as node1:\(defaultPort)")
      }
      hosts.append(host)
    }
    guard !hosts.isEmpty || !given.text.contains(",") else {
      throw given.error("no host between the commas", remedy: "name them, or leave it empty for none")
    }
    guard hosts.count <= GivenOptions.maximumHosts else {
      throw given.error("\(hosts.count) hosts", remedy: "give at most \(GivenOptions.maximumHosts), a few are enough")
    }
    return hosts
  }

  /// A label for people: not blank, without control characters, at most `Wire.maximumName` bytes of UTF-8.
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

  /// One of the cases of an enumeration. Case does not matter: LOG_LEVEL=INFO is as common as info.
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
    guard let seconds = Int(given.text), (0...GivenOptions.maximumSeconds).contains(seconds) else {
      throw given.error(
        "not a number of seconds", remedy: "give a whole number from 0 (never) to \(GivenOptions.maximumSeconds)")
    }
    return seconds
  }

  /// The system's host name as a label. If it is too long, that is nobody's mistake, so it is cut; if empty, "unnamed".
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

  /// Whether a seed or peer can be right: a reachable numeric address, or a possible name with a port other than 0. A
  /// text whose last label is a number is not a name (RFC 1123, section 2.1): `10.0.0.300` is a typing error.
  private static func isHost(_ text: String, defaultPort: UInt16) -> Bool {
    guard let parsed = hostPort(text, defaultPort: defaultPort) else { return false }
    if let address = Address(ip: parsed.host, port: parsed.port) { return address.isReachable }
    let isName = parsed.host.utf8.count <= maximumHostName && !parsed.host.contains(":") && parsed.port != 0
    let labels = parsed.host.split(separator: ".", omittingEmptySubsequences: false)
    let last = labels.last { !$0.isEmpty } ?? ""
    return isName && !last.isEmpty && !last.allSatisfy(\.isNumber)
  }

  /// A host and a port, with only the characters that either may have; brackets are for IPv6.
  private static func hostPort(_ text: String, defaultPort: UInt16) -> HostPort? {
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let isPlain = { (byte: UInt8) in letters.contains(byte | 0x20) || "0123456789.:-_[]".utf8.contains(byte) }
    guard text.utf8.allSatisfy(isPlain), let parsed = HostPort(text, defaultPort: defaultPort) else { return nil }
    guard !parsed.host.contains("["), !parsed.host.contains("]") else { return nil }
    return text.hasPrefix("[") && !parsed.host.contains(":") ? nil : parsed
  }
}

extension Substring {
  /// The text without spaces and tabs at either end.
  func trimmingSpaces() -> String {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
      return ""
    }
    return String(self[first...last])
  }
}
