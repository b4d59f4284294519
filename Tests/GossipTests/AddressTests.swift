import Testing

@testable import Gossip

@Suite struct AddressTests {
  /// RFC 5952's rules, with a case or two for each.
  @Test(
    arguments: [
      (0x2001_0DB8_0000_0000, 0x0000_0000_0000_0001, "[2001:db8::1]:7946"),
      // 4.1: no leading zeros.
      (0x2001_0DB8_0001_0203, 0x0405_0060_0700_8000, "[2001:db8:1:203:405:60:700:8000]:7946"),
      // 4.2.1: shortened as much as possible.
      (0x2001_0DB8_0000_0000, 0x0000_0000_0002_0001, "[2001:db8::2:1]:7946"),
      // 4.2.2: one group of zeros is not shortened.
      (0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001, "[2001:db8:0:1:1:1:1:1]:7946"),
      // 4.2.3: the longest run, and the first of equal ones.
      (0x2001_0000_0000_0001, 0x0000_0000_0000_0001, "[2001:0:0:1::1]:7946"),
      (0x2001_0DB8_0000_0000, 0x0001_0000_0000_0001, "[2001:db8::1:0:0:1]:7946"),
      // 4.3: lower case.
      (0xFD00_ABCD_0000_0000, 0xFFFF_0000_0000_0000, "[fd00:abcd:0:0:ffff::]:7946"),
      (0, 1, "[::1]:7946"), (0, 0, "[::]:7946"), (0xFE80_0000_0000_0000, 0, "[fe80::]:7946"),
      (0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:7946"),
      // The mapped form is IPv4.
      (0, 0xFFFF_0A00_0001, "10.0.0.1:7946"), (0, 0xFFFF_FFFF_FFFF, "255.255.255.255:7946"),
    ] as [(UInt64, UInt64, String)])
  func `addresses are written as RFC 5952 recommends`(high: UInt64, low: UInt64, text: String) {
    #expect(Address(high: high, low: low, port: 7946).description == text)
  }

  @Test func `the mapped form of an IPv4 address is that address`() {
    #expect(Address(high: 0, low: 0xFFFF_0A00_0001, port: 1) == Address(ipv4: 0x0A00_0001, port: 1))
    #expect(Address(ipv4: 0x0A00_0001, port: 1).isIPv4)
    #expect(!Address(high: 0, low: 0x0A00_0001, port: 1).isIPv4)
    #expect(!Address(high: 1, low: 0xFFFF_0A00_0001, port: 1).isIPv4)
  }

  @Test(arguments: [
    (Address(ipv4: 0x0A00_0001, port: 7946), true), (Address(ipv4: 0x0A00_0001, port: 0), false),
    (Address(ipv4: 0, port: 1), false), (Address(ipv4: 0x0000_0001, port: 1), false),
    (Address(ipv4: 0x7F00_0001, port: 1), true), (Address(ipv4: 0xDFFF_FFFF, port: 1), true),
    (Address(ipv4: 0xE000_0001, port: 1), false), (Address(ipv4: 0xEFFF_FFFF, port: 1), false),
    (Address(ipv4: 0xF000_0001, port: 1), false), (Address(ipv4: 0xFFFF_FFFF, port: 1), false),
    (Address(high: 0, low: 0, port: 1), false), (Address(high: 0, low: 1, port: 1), true),
    (Address(high: 0xFF02_0000_0000_0000, low: 1, port: 1), false),
    (Address(high: 0xFE80_0000_0000_0000, low: 1, port: 1), true),
    (Address(high: 0x2001_0DB8_0000_0000, low: 1, port: 0), false),
  ])
  func `nothing is sent to port 0, nor to unspecified, multicast or broadcast addresses`(
    address: Address, isReachable: Bool
  ) {
    #expect(address.isReachable == isReachable)
  }

  @Test func `only 127 and ::1 are loopback`() {
    #expect(Address(ipv4: 0x7F00_0001, port: 1).isLoopback)
    #expect(Address(ipv4: 0x7FFF_FFFF, port: 1).isLoopback)
    #expect(Address(high: 0, low: 1, port: 1).isLoopback)
    #expect(!Address(ipv4: 0x8000_0001, port: 1).isLoopback)
    #expect(!Address(high: 1, low: 1, port: 1).isLoopback && !Address(high: 0, low: 2, port: 1).isLoopback)
  }

  @Test func `addresses are ordered by their bytes and then by port`() {
    let ordered = [
      Address(high: 0, low: 1, port: 9), Address(ipv4: 1, port: 1), Address(ipv4: 1, port: 2),
      Address(ipv4: 2, port: 1), Address(high: 1, low: 0, port: 1),
    ]
    for (left, a) in ordered.enumerated() {
      for (right, b) in ordered.enumerated() { #expect((a < b) == (left < right)) }
    }
  }
}
