// The HTTP surface as a table.

import Gossip
import Testing

@testable import Agent

@Suite struct RoutesTests {
  private func outcome(
    _ method: String, _ target: String, accept: String? = nil
  ) -> Result<RoutedRequest, HTTPError> {
    do throws(HTTPError) {
      return .success(try Routes.route(method: method, target: target, accept: accept))
    } catch {
      return .failure(error)
    }
  }

  private func refusal(_ method: String, _ target: String) throws -> HTTPError {
    guard case .failure(let refusal) = outcome(method, target) else {
      throw TableError(text: "\(method) \(target) was accepted")
    }
    return refusal
  }

  private struct TableError: Error { var text: String }

  @Test(arguments: [
    ("GET", "/get", Command.get),
    ("HEAD", "/get", .get),
    ("GET", "http://node.example:8080/get", .get),
    ("GET", "/get#fragment", .get),
    ("GET", "/set/5", .set(5)),
    ("POST", "/set/5", .set(5)),
    ("PUT", "/set/5", .set(5)),
    ("GET", "/set/+5", .set(5)),
    ("GET", "/set/%2B5", .set(5)),
    ("GET", "/set/-5", .set(-5)),
    ("GET", "/set/007", .set(7)),
    ("GET", "/set/9223372036854775807", .set(.max)),
    ("GET", "/set/-9223372036854775808", .set(.min)),
    ("POST", "/notify/7/3?notifier=go", .notify(Stamp(generation: 3, value: 7), by: "go")),
    ("GET", "/notify/-7/3", .notify(Stamp(generation: 3, value: -7), by: "")),
    ("POST", "/notify/7/3?a=b&notifier=a%20b%2Fc+d%", .notify(Stamp(generation: 3, value: 7), by: "a b/c d%")),
    ("POST", "/notify/0/18446744073709551615", .notify(Stamp(generation: .max, value: 0), by: "")),
    ("GET", "/members", .members),
    ("GET", "/livez", .livez),
    ("GET", "/readyz", .readyz),
    ("GET", "/metrics", .metrics),
  ])
  func `each route is understood`(method: String, target: String, command: Command) {
    #expect(outcome(method, target) == .success(RoutedRequest(command: command, form: .text)))
  }

  @Test(arguments: [
    "/set/abc", "/set/", "/set", "/set/9223372036854775808", "/set/-9223372036854775809", "/set/1.5", "/set/0x5",
    "/set/ 5", "/set/5/6", "/set/%35%00", "/set/--5", "/set/٣",
  ])
  func `what is no 64-bit integer is refused with the value and the limits`(target: String) throws {
    let refusal = try refusal("GET", target)
    #expect(refusal.status == .badRequest)
    #expect(refusal.route == .set)
    #expect(refusal.sentence.contains("-9223372036854775808 to 9223372036854775807"))
  }

  @Test(arguments: ["/set/5?wait=majority", "/set/5?wait", "/set/5?format=json&wait=2"])
  func `a write that asks for copies is refused, as nobody would wait for them`(target: String) throws {
    let refusal = try refusal("PUT", target)
    #expect(refusal.status == .badRequest)
    #expect(refusal.route == .set)
    #expect(refusal.sentence.hasPrefix("Nothing was written: wait="))
  }

  @Test func `a refused value is named`() throws {
    #expect(try refusal("GET", "/set/abc").sentence.contains("\"abc\""))
    #expect(try refusal("GET", "/set/").sentence.contains("\"\""))
  }

  @Test func `a refused value is shown without what it could do to a terminal, and cut`() throws {
    let hostile = try refusal("GET", "/set/%1B%5B2J%0Aforged").sentence
    #expect(hostile.contains(#"\u{1B}[2J\u{A}forged"#))
    #expect(hostile.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    let long = try refusal("GET", "/set/" + String(repeating: "x", count: 4000)).sentence
    #expect(long.contains(String(repeating: "x", count: 64) + "…"))
    #expect(long.utf8.count < 300)
  }

  @Test(arguments: [
    "/notify/7", "/notify/7/3/4", "/notify/", "/notify/x/3", "/notify/7/x", "/notify/7/-1", "/notify/7/",
    "/notify/7/18446744073709551616", "/notify/9223372036854775808/3",
  ])
  func `a malformed notify is refused`(target: String) throws {
    let refusal = try refusal("POST", target)
    #expect(refusal.status == .badRequest)
    #expect(refusal.route == .notify)
  }

  @Test func `a notifier is cut to the length of a name between two characters`() throws {
    let target = "/notify/7/3?notifier=" + String(repeating: "%C3%A9", count: 40)
    guard case .success(let routed) = outcome("POST", "\(target)"), case .notify(_, let name) = routed.command else {
      Issue.record("refused")
      return
    }
    #expect(name == String(repeating: "é", count: Wire.maximumName / 2))
  }

  @Test(arguments: ["/", "", "*", "/nothing", "/get/", "/get/5", "/GET", "//get", "get", "https://a/get", "/members/x"])
  func `what is nowhere is not found`(target: String) throws {
    #expect(try refusal("GET", target).status == .notFound)
  }

  @Test(arguments: [
    ("POST", "/get", "GET, HEAD"), ("DELETE", "/members", "GET, HEAD"), ("OPTIONS", "/metrics", "GET, HEAD"),
    ("HEAD", "/set/5", "GET, POST, PUT"), ("DELETE", "/set/5", "GET, POST, PUT"), ("PATCH", "/set/x", "GET, POST, PUT"),
    ("PUT", "/notify/7/3", "GET, POST"), ("HEAD", "/notify/7/3", "GET, POST"), ("get", "/get", "GET, HEAD"),
  ])
  func `a wrong method is told the right ones`(method: String, target: String, allow: String) throws {
    let refusal = try refusal(method, target)
    #expect(refusal.status == .methodNotAllowed)
    #expect(refusal.allow == allow)
  }

  @Test(arguments: [
    ("/get", "application/json" as String?, Form.json),
    ("/get", "text/html, Application/JSON;q=0.5", .json),
    ("/get", "application/problem+json", .json),
    ("/get", "application/json; q=0", .text),
    ("/get", "application/json;q=0.000, */*", .text),
    ("/get", "*/*", .text),
    ("/get", "text/html,application/xhtml+xml,*/*;q=0.8", .text),
    ("/get", "application/jsonx", .text),
    ("/get?format=json", nil, .json),
    ("/get?format=json", "text/plain", .json),
    ("/get?x=1&format=text", "application/json", .text),
    ("/get?format=xml", "application/json", .json),
  ])
  func `the form follows the parameter, then Accept`(target: String, accept: String?, form: Form) {
    #expect(outcome("GET", target, accept: accept) == .success(RoutedRequest(command: .get, form: form)))
  }

  @Test func `a refusal has the form that was asked for`() throws {
    #expect(try refusal("GET", "/set/x?format=json").form == .json)
    #expect(try refusal("GET", "/nowhere?format=json").form == .json)
  }
}
