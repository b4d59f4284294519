"""One run: start the nodes, follow the plan while clients write and everything is watched, heal, judge."""

import os
import random
import re
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass

import client
import plan
from truth import APART, CHANGING, DOWN, PAUSED, UP, Truth
from watch import Watch

# Words that a process prints only when it crashes.
CRASH = re.compile(
    r"Fatal error|Precondition failed|Assertion failed|Program crashed|Segmentation fault|Illegal instruction"
    r"|Sanitizer:")
# Several threads write, so that writes collide; and how often each of them does.
WRITERS, WRITE_INTERVAL = 3, 0.25
# The state of a node during and after each action of the plan.
AFTER = {
    "kill": DOWN, "stop": DOWN, "start": UP, "restart": UP, "pause": PAUSED, "resume": UP, "disconnect": APART,
    "connect": UP, "replace": UP, "shape": UP, "clear": UP,
}
# These faults are in place before the command returns, and healed only once it has returned. Loss and delay do not change
# who is reachable.
WITHOUT_CHANGE = {"shape", "clear"}


@dataclass
class Bounds:
    """How soon each promise must hold, in seconds, on a machine that is not idle.

    The protocol needs about 2 s to declare a death (a period until the probe, 1.4 s to refute), up to 1 s to contact a
    node that came back, and milliseconds to spread a value. After a long fault a node considers itself unwell and is
    several times slower. Tighter bounds would find more, but cry wolf on busy machines.
    """

    spread: float = 5.0
    members: float = 6.0
    # A node that hears nobody first doubts itself (Lifeguard's local health). Its probes become up to nine times as slow,
    # 3.6 s for each of the others, so that it does not hastily blame others for its own trouble.
    members_alone_each: float = 3.6
    answer: float = 5.0
    ready: float = 6.0
    # A write to healed nodes must reach all of them within milliseconds.
    last_write: float = 2.0
    start: float = 20.0


class Run:
    def __init__(self, engine, seed, seconds, bounds, directory=None):
        self.engine, self.seed, self.seconds, self.bounds = engine, seed, seconds, bounds
        self.directory = directory or tempfile.mkdtemp(prefix="unum-chaos-")
        self.log = open(os.path.join(self.directory, "events.log"), "w", encoding="utf-8")
        self.log_lock = threading.Lock()
        self.begun = time.monotonic()
        self.truth = Truth(engine.count, bounds.spread)
        self.watch = Watch(engine, self.truth, bounds, self.violation)
        self.violations = []
        self.faults = {}
        self.writing = threading.Event()
        self.refused = 0
        self.no_shaping = engine.cannot_shape()

    # The log.

    def say(self, text):
        with self.log_lock:
            line = f"{time.monotonic() - self.begun:7.2f} s  {text}"
            print(line, flush=True)
            print(line, file=self.log, flush=True)

    def violation(self, text):
        self.violations.append(text)
        self.say(f"VIOLATION {text}")

    # The course of a run.

    def go(self):
        """Returns whether everything held."""
        count = self.engine.count
        self.say(f"seed {self.seed}: {count} nodes, {self.seconds} s of faults, events in {self.directory}")
        if self.no_shaping:
            self.say(f"no loss and no delay: {self.no_shaping}")
        self.engine.up()
        for node in range(count):
            self.truth.change(node, UP, time.monotonic(), new_life=True)
        self.watch.start()
        writers = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        try:
            self._await("all nodes know each other", self._is_whole, self.bounds.start)
            for writer in writers:
                writer.start()
            self._suffer()
            self._heal()
            self.writing.set()
            for writer in writers:
                writer.join()
            self._judge()
        finally:
            self.writing.set()
            self.watch.stop()
        self._end()
        return not self.violations

    def _suffer(self):
        started = time.monotonic()
        for step in plan.make(random.Random(f"{self.seed} faults"), self.engine.count, self.seconds):
            if step.action == "shape" and self.no_shaping or step.action == "clear" and self.no_shaping:
                continue
            self._pass_time(started + step.time)
            self._do(step.node, step.action, step.parameters)
        self._pass_time(started + self.seconds)

    def _pass_time(self, until):
        """Waits, and meanwhile checks that the processes live."""
        while True:
            self._look_for_ends()
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 1.0))

    def _look_for_ends(self):
        for node, (state, _, epoch, _) in enumerate(self.truth.view()):
            if state in (DOWN, CHANGING):
                continue
            status = self.engine.ended(node)
            if status is not None and self.truth.view()[node][2] == epoch:
                self.truth.change(node, DOWN, time.monotonic())
                self.truth.ended(node)
                self.violation(f"n{node + 1} ended by itself with status {status}")

    def _do(self, node, action, parameters=()):
        """Does one thing to one node, and records its new state."""
        self.faults[action] = self.faults.get(action, 0) + 1
        self.say(" ".join([action, f"n{node + 1}", *map(str, parameters)]))
        if action in WITHOUT_CHANGE:
            return self._shape(node, action, parameters)
        self.truth.change(node, CHANGING, time.monotonic())
        if action == "replace":
            self.engine.kill(node)
            self.engine.connect(node)
            self.engine.start(node)
        else:
            getattr(self.engine, action)(node)
        if action in ("kill", "stop", "restart", "replace"):
            self.truth.ended(node)
        is_new = action in ("start", "restart", "replace")
        self.truth.change(node, AFTER[action], time.monotonic(), new_life=is_new)
        if action == "stop" and (status := self.engine.ended(node)) != 0:
            self.violation(f"n{node + 1} was asked to stop and ended with status {status}")

    def _shape(self, node, action, parameters):
        if action == "clear":
            self.engine.clear(node)
        else:
            loss, delay = (int(text.rstrip("%ms")) for text in parameters)
            self.engine.shape(node, loss, delay, self.seed)

    def _write(self, number):
        """Writes values to random live nodes until told to stop."""
        rng = random.Random(f"{self.seed} writer {number}")
        while not self.writing.wait(rng.uniform(0, 2 * WRITE_INTERVAL)):
            node, value = rng.randrange(self.engine.count), rng.randrange(-(1 << 63), 1 << 63)
            state, _, epoch, _ = self.truth.view()[node]
            if state not in (UP, APART):
                continue
            try:
                stamp = client.write(self.engine.client_address(node), value)
            except client.Unanswered:
                self.refused += 1
                continue
            self.truth.acknowledge(node, epoch, stamp, time.monotonic())
            if stamp[1] != value:
                self.violation(f"n{node + 1} was given {value} and answered {stamp}")

    # Healing and judging.

    def _heal(self):
        """Heals whatever the plan left broken."""
        ways = {DOWN: "start", PAUSED: "resume", APART: "connect"}
        for node, (state, *_) in enumerate(self.truth.view()):
            if state in ways:
                self._do(node, ways[state])
            if node in self.engine.delays:
                self.engine.clear(node)
        self.say("healed")

    def _judge(self):
        now = time.monotonic()
        self.value_after = self._await("all nodes hold the same value", self._agreement, self.bounds.spread)
        self.members_after = self._await("all nodes know each other", self._is_whole, self.bounds.members, since=now)
        self.final = self._agreement()
        floor = self.truth.floor(time.monotonic())
        if self.final and floor and self.final < floor:
            self.violation(f"all nodes hold {self.final}, but {floor} was acknowledged and had the time to spread")
        greatest = self.truth.greatest_acknowledged
        self.lost = [it for it in self.truth.acknowledged if self.final and it > self.final]
        if self.lost:
            self.say(f"{len(self.lost)} acknowledged writes ended with the processes that held them, up to {greatest}")
        self._last_write()

    def _last_write(self):
        """Whatever happened, the value is writable, and all nodes get it at once."""
        node = random.Random(f"{self.seed} last").randrange(self.engine.count)
        try:
            stamp = client.write(self.engine.client_address(node), self.seed)
        except client.Unanswered as error:
            return self.violation(f"n{node + 1} takes no write after healing: {error}")
        self.last_after = self._await(
            f"all nodes hold {stamp}, written to n{node + 1}", lambda: (self._agreement() or (0, 0)) >= stamp,
            self.bounds.last_write)

    def _await(self, what, condition, bound, since=None):
        """The time until it became true; a violation if it did not."""
        since = since or time.monotonic()
        while True:
            is_so = condition()
            taken = time.monotonic() - since
            if is_so:
                self.say(f"{what}: after {taken:.2f} s")
                return taken
            if taken > bound:
                self.violation(f"not within {bound:g} s: {what}")
                return taken
            self._look_for_ends()
            time.sleep(0.02)

    def _agreement(self):
        """The stamp that all nodes hold; None if they differ or one does not answer."""
        try:
            stamps = {client.stamp(self.engine.client_address(node)) for node in range(self.engine.count)}
        except client.Unanswered:
            return None
        return stamps.pop() if len(stamps) == 1 else None

    def _is_whole(self):
        """Whether every node is ready and lists every node as alive."""
        wanted = set(self.watch.by_address)
        try:
            for node in range(self.engine.count):
                address = self.engine.client_address(node)
                alive = {it["address"].rsplit(":", 1)[0] for it in client.members(address) if it["status"] == "alive"}
                if not wanted <= alive or client.ask(address, "/readyz")[0] != 200:
                    return False
        except client.Unanswered:
            return False
        return True

    def _end(self):
        """Every node must stop properly, and no log may report a crash."""
        for node in range(self.engine.count):
            if self.truth.view()[node][0] == UP:
                self.engine.stop(node)
                if (status := self.engine.ended(node)) != 0:
                    self.violation(f"n{node + 1} was asked to stop and ended with status {status}")
        for node in range(self.engine.count):
            for line in self.engine.logs(node).splitlines():
                if CRASH.search(line):
                    self.violation(f"n{node + 1} wrote: {line.strip()[:200]}")

    # The report.

    def keep_logs(self):
        for node in range(self.engine.count):
            with open(os.path.join(self.directory, f"n{node + 1}.log"), "a+", encoding="utf-8") as file:
                file.seek(0)
                if not file.read(1):
                    file.write(self.engine.logs(node))

    def verdict(self):
        """What was checked, and the result, in one line."""
        faults = ", ".join(f"{number} {action}" for action, number in sorted(self.faults.items()))
        head = f"seed {self.seed}, {self.engine.count} nodes, {self.seconds} s ({faults})"
        if self.violations:
            first = self.violations[0]
            return f"FAILED {head}: {len(self.violations)} violations, the first: {first}; logs in {self.directory}"
        return (
            f"OK {head}: {len(self.truth.acknowledged)} writes acknowledged, {len(self.lost)} of them lost because every "
            f"process that held them died; after healing all hold generation {self.final[0]} within "
            f"{self.value_after:.1f} s and know each other within {self.members_after:.1f} s; {self.watch.looks} checks "
            f"of value, members, readyz and livez; the slowest return was noticed {self._slowest('alive')}, the slowest "
            f"loss {self._slowest('gone')}, the slowest loss seen by a node cut off {self._slowest('alone')}; "
            f"{self.watch.false_alarms} false alarms; no process ended by itself")

    def _slowest(self, kind):
        seconds, whose = self.watch.slowest[kind]
        return f"after {seconds:.1f} s ({whose})"

    def close(self, keep):
        self.log.close()
        if not keep:
            shutil.rmtree(self.directory, ignore_errors=True)
