// The fuzzer's program. libFuzzer brings `main` and the inputs; the variable UNUM_FUZZ_TARGET names the target.

import FuzzTargets
import Glibc

/// Read only once, because every input needs it.
private let target: FuzzTarget = {
  let name = unsafe getenv("UNUM_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
  guard let target = FuzzTarget(rawValue: name) else { fatalError("UNUM_FUZZ_TARGET=\(name) names no target") }
  return target
}()

/// What libFuzzer calls with each input.
@c(LLVMFuzzerTestOneInput)
package func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  do {
    try target.run(bytes)
  } catch {
    fatalError("\(target.rawValue): \(error)")
  }
  return 0
}
