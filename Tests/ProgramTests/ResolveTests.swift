// All options as a table: what is given, and what results.

import Agent
import Gossip
import Logging
import Testing

@testable import unum

private func configuration(
  _ flags: [Setting: String] = [:], _ environment: [String: String] = [:], hostName: String = "host"
) throws(ConfigurationError) -> ServeConfiguration {
  try resolve(flags: flags, environment: environment, hostName: hostName)
}

private func agent(_ flags: [Setting: String]) throws -> AgentConfiguration { try configuration(flags).agent }

/// A configuration as text, to compare all of it at once.
private func words(_ configuration: ServeConfiguration) -> String { "\(configuration.agent) \(configuration.log)" }

@Suite struct ResolveTests {
  @Test func nothingGivenMeansTheDefaults() throws {
    let both = try configuration()
    let agent = both.agent
    #expect(agent.bind.description == "0.0.0.0:7946")
    #expect(agent.http.description == "0.0.0.0:8080")
    #expect(agent.advertise == nil)
    #expect(agent.name == "host")
    #expect(agent.cluster == "unum")
    #expect(agent.seeds == [])
    #expect(agent.notify == [])
    #expect(agent.settings.reportInterval == .seconds(5))
    #expect(!agent.settings.startsAlone)
    #expect(both.log == LogSettings(level: .info, format: .text))
  }

  @Test(arguments: [
    (Setting.advertise, "10.0.0.1", "10.0.0.2"), (.join, "a", "b"), (.bind, "10.0.0.1:1", "10.0.0.1:2"),
    (.http, "10.0.0.1:1", "10.0.0.1:2"), (.name, "a", "b"), (.cluster, "a", "b"), (.notify, "a", "b"),
    (.logLevel, "trace", "error"), (.logFormat, "json", "text"), (.reportInterval, "1", "2"),
    (.alone, "yes", "no"),
  ])
  func aFlagWinsOverTheEnvironmentAndTheEnvironmentOverTheDefault(
    setting: Setting, one: String, other: String
  ) throws {
    let byFlag = try words(configuration([setting: one]))
    #expect(try byFlag == words(configuration([:], [setting.variable: one])))
    #expect(try byFlag == words(configuration([setting: one], [setting.variable: other])))
    #expect(try byFlag != words(configuration([:], [setting.variable: other])))
    #expect(try byFlag != words(configuration()))
  }

  @Test func anEmptyVariableCountsAsUnset() throws {
    let empty = Dictionary(uniqueKeysWithValues: Setting.allCases.map { ($0.variable, "") })
    #expect(try words(configuration([:], empty)) == words(configuration()))
  }

  @Test(arguments: [
    ("10.0.0.1", "10.0.0.1:7946"), ("10.0.0.1:80", "10.0.0.1:80"), (":7000", "0.0.0.0:7000"), ("::", "[::]:7946"),
    ("[::]:7000", "[::]:7000"), ("[fd00::1]", "[fd00::1]:7946"), ("fd00::1", "[fd00::1]:7946"),
    ("127.0.0.1:0", "127.0.0.1:0"), ("[::ffff:10.0.0.1]:80", "10.0.0.1:80"), ("0.0.0.0:65535", "0.0.0.0:65535"),
  ])
  func anAddressToBindIsAnAddressWithOrWithoutItsPort(text: String, address: String) throws {
    #expect(try agent([.bind: text]).bind.description == address)
    let http = address.hasSuffix(":7946") ? String(address.dropLast(4)) + "8080" : address
    #expect(try agent([.http: text]).http.description == http)
  }

  @Test(arguments: [
    "", " ", ":", "localhost", "10.0.0.300", "10.0.0", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:+80",
    "10.0.0.1:80:80", "[::1", "::1]", "[::1]80", "[::1]:x", "[10.0.0.1]:80", "fe80::1%eth0", "239.0.0.1:80",
    "255.255.255.255", "[ff02::1]:80", "10.0.0.1 :80", "http://10.0.0.1:80", "10.0.0.1\n:80",
  ])
  func aWrongAddressToBindIsRefusedForBothSockets(text: String) {
    for setting in [Setting.bind, .http] {
      let error = #expect(throws: ConfigurationError.self) { try configuration([setting: text]) }
      #expect(error?.given.hasPrefix(setting.flag) == true)
    }
  }

  @Test(arguments: [
    ("10.0.0.1", "0.0.0.0", "10.0.0.1:0"), ("10.0.0.1:7000", "0.0.0.0", "10.0.0.1:7000"),
    ("fd00::1", "::", "[fd00::1]:0"), ("10.0.0.1", "::", "10.0.0.1:0"), ("[fd00::1]:7000", "fd00::2", "[fd00::1]:7000"),
    ("127.0.0.1:1", "127.0.0.2", "127.0.0.1:1"),
  ])
  func anAdvertisedAddressMayLackItsPort(text: String, bind: String, address: String) throws {
    #expect(try agent([.advertise: text, .bind: bind]).advertise?.description == address)
  }

  @Test(arguments: [
    ("0.0.0.0", "0.0.0.0"), ("::", "::"), ("224.0.0.1", "0.0.0.0"), ("255.255.255.255", "0.0.0.0"),
    ("ff02::1", "::"), ("name", "0.0.0.0"), ("", "0.0.0.0"), ("0.0.0.0:7946", "0.0.0.0"),
    // It is of the other address family than the socket, so the node could not answer.
    ("fd00::1", "0.0.0.0"), ("10.0.0.1", "fd00::1"),
  ])
  func anAdvertisedAddressThatNobodyCanReachIsRefused(text: String, bind: String) {
    let error = #expect(throws: ConfigurationError.self) { try configuration([.advertise: text, .bind: bind]) }
    #expect(error?.given.hasPrefix("--advertise") == true)
  }

  @Test(arguments: [
    ("a", ["a"]), (" a , b:1 ,, [fd00::1]:2,", ["a", "b:1", "[fd00::1]:2"]), ("a,a", ["a"]), ("", []), (" ", []),
    ("fd00::1", ["fd00::1"]), ("10.0.0.1,10.0.0.1:7000", ["10.0.0.1", "10.0.0.1:7000"]),
    ("node-1.example.org.,x_y", ["node-1.example.org.", "x_y"]),
  ])
  func aListOfHostsIsTrimmedAndKeepsItsOrder(text: String, hosts: [String]) throws {
    #expect(try agent([.join: text]).seeds == hosts)
    #expect(try agent([.notify: text]).notify == hosts)
  }

  @Test(arguments: [
    "a b", "a:0", "a:x", "a:65536", ":7946", "10.0.0.300", "10.0.0.1:0", "0.0.0.0", "[::]:1", "ff02::1", "224.0.0.1",
    "http://a:8080", "a/b", "a:1:2", "1:2:3", "[a]:1", "a;b", "ok,10.0.0.256", "a:+1", "12345", "é.org",
    ",", " , ,", String(repeating: "a", count: 254), (0...64).map { "h\($0)" }.joined(separator: ","),
  ])
  func aHostThatNobodyCanReachIsRefused(text: String) {
    for setting in [Setting.join, .notify] {
      let error = #expect(throws: ConfigurationError.self) { try configuration([:], [setting.variable: text]) }
      #expect(error?.given.hasPrefix("\(setting.variable)=") == true)
    }
  }

  @Test(arguments: [String(repeating: "n", count: 64), String(repeating: "é", count: 32), "a b", "名"])
  func aNameMayHaveSixtyFourBytes(name: String) throws {
    #expect(try agent([.name: name]).name == name)
    #expect(try agent([.cluster: name]).cluster == name)
  }

  @Test(arguments: [
    String(repeating: "n", count: 65), String(repeating: "é", count: 33), "", "  ", "a\nb", "a\u{1B}[2J", "a\u{2028}b",
  ])
  func aNameThatIsBlankTooLongOrForgesLinesIsRefused(name: String) {
    #expect(throws: ConfigurationError.self) { try configuration([.name: name]) }
    #expect(throws: ConfigurationError.self) { try configuration([.cluster: name]) }
  }

  @Test func aHostNameIsCutBetweenCharactersAndNeverRefused() throws {
    let name = { (host: String) in try configuration(hostName: host).agent.name }
    #expect(try name("x" + String(repeating: "é", count: 40)) == "x" + String(repeating: "é", count: 31))
    #expect(try name("") == "unnamed")
    #expect(try name("a\nb") == "ab")
  }

  @Test(arguments: [("TRACE", Logger.Level.trace), ("critical", .critical), ("Warning", .warning)])
  func aLogLevelMayBeInCapitals(text: String, level: Logger.Level) throws {
    #expect(try configuration([.logLevel: text]).log.level == level)
  }

  @Test(arguments: [
    (Setting.logLevel, "loud"), (.logLevel, ""), (.logFormat, "xml"), (.reportInterval, "-1"), (.reportInterval, "0.5"),
    (.reportInterval, "86401"), (.reportInterval, "5s"), (.reportInterval, "9223372036854775808"),
    (.alone, "maybe"), (.alone, ""),
  ])
  func aWrongChoiceOrNumberIsRefused(setting: Setting, text: String) {
    #expect(throws: ConfigurationError.self) { try configuration([setting: text]) }
  }

  @Test func reportsMayBeTurnedOff() throws {
    #expect(try agent([.reportInterval: "0"]).settings.reportInterval == .zero)
  }

  @Test func anErrorSaysWhichWhatAndWhatToDo() {
    let error = #expect(throws: ConfigurationError.self) { try configuration([:], ["BIND_ADDR": "10.0.0.300"]) }
    #expect(
      error?.description
        == "BIND_ADDR=10.0.0.300: not an IP address and port; "
        + "give ip, ip:port or [ipv6]:port, such as 0.0.0.0:7946 or [::]:7946")
    let long = #expect(throws: ConfigurationError.self) {
      try configuration([.bind: String(repeating: "9", count: 5000)])
    }
    #expect((long?.description.count ?? .max) < 300)
  }
}
