import Agent
import Logging
import NIOCore
import NIOPosix
import Platform
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct LogSinkTests {
  /// A pipe that nobody reads until the test does.
  private struct Pipe {
    let reader: CInt
    let writer: CInt

    init() {
      var ends: [CInt] = [0, 0]
      precondition(unsafe pipe(&ends) == 0)
      reader = ends[0]
      writer = ends[1]
    }

    /// What has been written so far.
    func readAll() -> String {
      _ = close(writer)
      return readToEnd()
    }

    /// Everything that is written until the writing end is closed.
    func readToEnd() -> String {
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = unsafe read(reader, &buffer, buffer.count)
        guard count > 0 else { break }
        bytes += buffer[..<count]
      }
      _ = close(reader)
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  private func logger(_ format: LogFormat, _ writer: LogWriter, wall: UInt64 = 1_795_235_872_123_456) -> Logger {
    Logger(label: "test") { _ in LogSink(format: format, writer: writer, now: { wall }) }
  }

  /// What the sink writes when `body` logs.
  private func written(_ format: LogFormat, wall: UInt64 = 1_795_235_872_123_456, _ body: (Logger) -> Void) -> String {
    let pipe = Pipe()
    let writer = LogWriter(descriptor: Descriptor(pipe.writer))
    defer { writer.close() }
    body(logger(format, writer, wall: wall))
    #expect(writer.flush(within: .seconds(20)))
    return pipe.readAll()
  }

  @Test func textHasTimeLevelAndMessage() {
    let text = written(.text) { log in
      log.info("Ready")
      log.warning("second", metadata: ["b": "x y", "a": "1"])
      log.debug("below the level")
    }
    #expect(
      text == "2026-11-21T04:37:52.123Z info Ready\n2026-11-21T04:37:52.123Z warning second a=1 b=\"x y\"\n")
  }

  @Test func aMessageOfTwoLinesIsTwoWholeLines() {
    let text = written(.text) { $0.info("one\ntwo\u{1B}[2J") }
    #expect(text == "2026-11-21T04:37:52.123Z info one\n2026-11-21T04:37:52.123Z info two\\u{1B}[2J\n")
  }

  @Test func jsonIsOneObjectALine() {
    let text = written(.json) { $0.error("say \"hi\"\nor \\", metadata: ["k\"": "\u{1}"]) }
    #expect(
      text == #"{"time":"2026-11-21T04:37:52.123Z","level":"error","message":"say \"hi\"\nor \\","k\"":"\u0001"}"#
        + "\n")
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
      (1_709_251_199_999_999, "2024-02-29T23:59:59.999Z"), (1_709_251_200_000_000, "2024-03-01T00:00:00.000Z"),
      (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"), (1_798_761_599_000_000, "2026-12-31T23:59:59.000Z"),
    ] as [(UInt64, String)])
  func timesAreDatesInUTC(wall: UInt64, time: String) {
    #expect(written(.text, wall: wall) { $0.info("x") } == "\(time) info x\n")
  }

  @Test func aBlockedReaderHoldsNobodyUpAndLosesOnlyWhatDoesNotFit() async throws {
    let pipe = Pipe()
    let capacity = 1 << 20
    let writer = LogWriter(descriptor: Descriptor(pipe.writer), capacity: capacity)
    let log = logger(.text, writer)
    // Many times what the pipe (64 KiB) and the queue hold. If any of these waited, the test would never end.
    let message = String(repeating: "x", count: 1000)
    for _ in 0..<3000 { log.info("\(message)") }
    let dropped = writer.dropped
    #expect(dropped > 1000)
    #expect(!writer.flush(within: .milliseconds(20)), "nobody has read")
    // The first reader gets everything that was queued, and the next line says what is missing.
    // On its own thread, because a child task could wait for the thread that `flush` blocks here.
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    let rest = NIOThreadPool.singleton.runIfActive(eventLoop: loop) { pipe.readToEnd() }
    #expect(writer.flush(within: .seconds(20)))
    log.info("after")
    #expect(writer.flush(within: .seconds(20)))
    writer.close()
    _ = close(pipe.writer)
    let lines = try await rest.get().split(separator: "\n")
    #expect(lines.count == 3000 - Int(dropped) + 2)
    #expect(
      lines.suffix(2).map { $0.dropFirst(25) } == [
        "warning \(dropped) lines of this log were dropped, because nobody read them", "info after",
      ])
  }

  /// A full disk must not silence a node for longer than it is full.
  @Test func `what cannot be written takes no room`() {
    // Opened for reading, so that every write fails.
    let number = unsafe open("/dev/null", O_RDONLY)
    let writer = LogWriter(descriptor: Descriptor(number), capacity: 10)
    for _ in 0..<3 {
      writer.write("eight...")
      #expect(writer.flush(within: .seconds(20)))
    }
    #expect(writer.dropped == 0)
    writer.close()
    _ = close(number)
  }

  @Test func aReaderThatIsGoneEndsNothing() {
    _ = signal(SIGPIPE, SIG_IGN)
    let pipe = Pipe()
    _ = close(pipe.reader)
    let writer = LogWriter(descriptor: Descriptor(pipe.writer))
    logger(.text, writer).info("into the void")
    #expect(writer.flush(within: .seconds(20)))
    writer.close()
    _ = close(pipe.writer)
  }
}
