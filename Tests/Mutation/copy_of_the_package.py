"""The copy of the package in which mutants live, under `.build-mutation`: how it is written, built and checked."""

import os
import pathlib
import re
import subprocess

from schemata import Copy

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build-mutation"
PACKAGE = BUILD / "package"
INVALID = BUILD / "invalid.txt"
GOSSIP = ROOT / "Sources" / "Gossip"

# Read once, before anything else runs: each trial asks for it thousands of times, so it must be a word of memory.
NUMBER_C = """#include <stdlib.h>
int mutant_number = 0;
__attribute__((constructor)) static void read_number(void) {
  const char *text = getenv("MUTANT");
  if (text) mutant_number = atoi(text);
}
"""

# Stops at the first trial that breaks a rule. The hash shows which survivors changed nothing at all.
TRIALS = """import Gossip
import Simulation

var sweep = Sweep()
let (count, seconds) = (UInt64(CommandLine.arguments[1]) ?? 0, Int64(CommandLine.arguments[2]) ?? 0)
for seed in 1...count {
  sweep.run(Sweep.trial(100_000 + seed, faults: .seconds(seconds)))
  if let broken = sweep.broken.first {
    print("broken \\(broken.seed): \\(broken.violation)")
    break
  }
}
if sweep.broken.isEmpty { print("held \\(sweep.hash)") }
"""

MANIFEST = """
for target in package.targets where target.name == "Gossip" {
  target.dependencies = ["MutantNumber"]
}
for target in package.targets where ["Gossip", "Simulation"].contains(target.name) {
  target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-wmo", "-num-threads", "2"])]
}
package.targets.removeAll { $0.name == "SimulationTests" }
package.targets += [
  .target(name: "MutantNumber"),
  .executableTarget(
    name: "trials", dependencies: ["Gossip", "Simulation"], swiftSettings: strict, linkerSettings: [.linkedLibrary("m")]),
]
"""


def write(path, text):
    """Writes a file only if it changes, or the build would start over."""
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def sources():
    return {str(path.relative_to(GOSSIP)): path.read_text() for path in sorted(GOSSIP.rglob("*.swift"))}


def manifest():
    text = (ROOT / "Package.swift").read_text()
    for setting in ("  .strictMemorySafety(),\n", "  .treatAllWarnings(as: .error),\n"):
        if setting not in text:
            raise SystemExit(f"Package.swift has no setting {setting.strip()} any more")
        text = text.replace(setting, "")
    return text + MANIFEST


def mirror(folder):
    """The files in a folder of the tree, and no others."""
    kept = set()
    for path in sorted((ROOT / folder).rglob("*")):
        if path.is_file():
            target = PACKAGE / path.relative_to(ROOT)
            kept.add(target)
            write(target, path.read_text())
    for path in sorted((PACKAGE / folder).rglob("*")):
        if path.is_file() and path not in kept:
            path.unlink()


def write_package(copy):
    write(PACKAGE / "Package.swift", manifest())
    mirror("Sources/Simulation")
    mirror("Tests/GossipTests")
    write(PACKAGE / "Sources/MutantNumber/number.c", NUMBER_C)
    write(PACKAGE / "Sources/MutantNumber/include/MutantNumber.h", "extern const int mutant_number;\n")
    write(PACKAGE / "Sources/trials/main.swift", TRIALS)
    write_gossip(copy)


def write_gossip(copy):
    folder = PACKAGE / "Sources/Gossip"
    for path, text in copy.texts.items():
        write(folder / path, text)
    write(folder / "Mutant.swift", copy.support)
    for path in folder.rglob("*.swift"):
        if str(path.relative_to(folder)) not in {*copy.texts, "Mutant.swift"}:
            path.unlink()


def compile_errors():
    """The places where the copy of the core does not compile."""
    include = PACKAGE / "Sources/MutantNumber/include"
    write(include / "module.modulemap", 'module MutantNumber { header "MutantNumber.h" }\n')
    features = re.findall(r'enableUpcomingFeature\("(\w+)"\)', manifest())
    command = ["swiftc", "-emit-sil", "-Onone", "-wmo", "-o", "/dev/null", "-module-name", "Gossip"]
    command += ["-swift-version", "6", "-package-name", "unum", "-parse-as-library", "-suppress-warnings", "-I", str(include)]
    for feature in features:
        command += ["-enable-upcoming-feature", feature]
    folder = PACKAGE / "Sources/Gossip"
    command += [str(path) for path in sorted(folder.rglob("*.swift"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.findall(r"^(/[^\n:]+):(\d+):(\d+): error: ([^\n]*)", done.stderr, re.M)
    if done.returncode and not found:
        raise SystemExit(done.stderr[-4000:])
    return [(str(pathlib.Path(path).relative_to(folder)), int(line), int(at), text) for path, line, at, text in found]


def valid(mutants, wanted, say):
    """A copy with the first of these mutants that compile, and those mutants. Remembers those that do not."""
    texts, chosen, keys = sources(), [], {mutant.number: mutant.key for mutant in mutants}
    known = set(INVALID.read_text().split("\n")) if INVALID.exists() else set()
    left_out = {mutant.number for mutant in mutants if mutant.key in known}
    while True:
        chosen = [mutant for mutant in mutants if mutant.number not in left_out][: wanted + wanted // 6]
        copy = Copy(texts, chosen)
        if overlapping := copy.overlapping() - left_out:
            left_out |= overlapping
            continue
        write_package(copy)
        errors = compile_errors()
        if not errors:
            break
        before = len(left_out)
        for path, line, column, text in errors:
            blamed = copy.blamed(path, line, column)
            left_out |= blamed
            if not blamed:
                raise SystemExit(f"{path}:{line}:{column}: {text}, without a mutant near it")
        say(f"{len(left_out) - before} more do not compile, {len(left_out)} so far")
        write(INVALID, "\n".join(sorted(known | {keys[number] for number in left_out})))
    return copy, chosen[:wanted]


def build(say):
    """Builds the tests and the trials."""
    command = ["swift", "build", "--build-tests", "-j", "2"]
    command += ["--package-path", str(PACKAGE), "--scratch-path", str(BUILD / "build")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"UNUM_CORE": "1"})
    if done.returncode:
        errors = [line for line in (done.stdout + done.stderr).split("\n") if "error:" in line]
        raise SystemExit("\n".join(errors[:20]) or done.stdout[-4000:])
    say("built")
    products = BUILD / "build" / "debug"
    return products / "unumPackageTests.xctest", products / "trials"
