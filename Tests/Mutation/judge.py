"""Runs tests and trials on mutants, each in processes of its own, two at a time."""

import concurrent.futures
import dataclasses
import os
import re
import signal
import subprocess
import threading

# Each trial has ten simulated seconds of faults. Longer trials find little more, because each seed has different faults
# from its first second on.
SECONDS = 10
# Seconds of processor time, not of a clock, so that other work on the machine kills nobody. The tests take four, and a
# thousand trials take half a minute.
TIME = {"tests": 60, "trials": 240}
# And by the clock: a process that waits for something that never comes uses no processor time.
PATIENCE = 4 * 3600
# In KiB.
MEMORY = 4 << 20
# A mutant that never ends, or eats all memory, counts as caught.
LIMITED = 'ulimit -c 0 -t {time} && ulimit -d {memory} && exec "$@"'


@dataclasses.dataclass
class Verdict:
    # What caught it: tests, trials, or nothing.
    caught_by: str = ""
    why: str = ""
    # The result of a survivor's trials.
    hash: str = ""


def run(kind, command, number, is_failure):
    """Runs one process until its first line with a failure; returns the exit status, that line and the last one."""
    environment = os.environ | {"MUTANT": str(number), "SWIFT_BACKTRACE": "enable=no", "LC_ALL": "C.UTF-8"}
    limited = ["bash", "-c", LIMITED.format(time=TIME[kind], memory=MEMORY), "bash", *command]
    process = subprocess.Popen(
        limited, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment
    )
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    failure, last = "", ""
    for line in process.stdout:
        # Strip colours.
        line = re.sub(r"\x1b\[[0-9;]*m", "", line)
        last = line.strip() or last
        if is_failure(line):
            failure = line.strip()
            process.kill()
            break
    process.stdout.close()
    status = process.wait()
    timer.cancel()
    return status, failure, last


def by_tests(tests, number):
    command = [str(tests), "--testing-library", "swift-testing", "--skip", "TidyTests"]
    status, failure, last = run("tests", command, number, lambda line: line.startswith("✘ Test "))
    if failure:
        return failure.removeprefix("✘ Test ")[:150]
    if status == 0 and "Test run with" in last:
        return ""
    return f"ended with {signal_name(status)}"


def by_trials(trials, count, number):
    """Why the trials broke; or, if they held, their result."""
    command = [str(trials), str(count), str(SECONDS)]
    status, failure, last = run("trials", command, number, lambda line: line.startswith("broken "))
    if failure:
        return failure[:150], ""
    if status == 0 and last.startswith("held "):
        return "", last.removeprefix("held ")
    return f"ended with {signal_name(status)}", ""


def signal_name(status):
    if status >= 0:
        return f"status {status}"
    name = signal.Signals(-status).name
    return "no end in sight" if name in ("SIGXCPU", "SIGKILL") else name


def judge(number, tests, trials, count):
    if why := by_tests(tests, number):
        return Verdict("tests", why)
    why, came_to = by_trials(trials, count, number)
    return Verdict("trials", why) if why else Verdict("", "", came_to)


def judge_all(mutants, tests, trials, count, tell):
    """Judges all mutants, and reports each when it is done; returns the verdicts by number."""
    verdicts = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as workers:
        pending = {workers.submit(judge, mutant.number, tests, trials, count): mutant for mutant in mutants}
        for done in concurrent.futures.as_completed(pending):
            mutant = pending[done]
            verdicts[mutant.number] = done.result()
            tell(mutant, verdicts[mutant.number], len(verdicts))
    return verdicts
