"""Checks every node all the time, and reports one that is wrong for longer than it may be.

A single wrong answer proves nothing: nodes refute suspicions under loss, and machines stall. Only an answer that stays
wrong for longer than the bound is a fault. The time counts from the last change of either of the two nodes concerned.
"""

import threading
import time

import client
from truth import APART, UP

# Three checks a second per node: often enough to see each state, and rare enough to leave the machine to the nodes.
INTERVAL = 0.33
ALIVE, GONE = {"alive"}, {"dead", "left", "replaced", None}


class Streak:
    """How long something was wrong without a break, while the states involved stayed the same."""

    def __init__(self):
        self.constellation = None
        self.wrong_since = None
        self.was_right = False
        self.told = False

    def look(self, constellation, since, is_right, now):
        """Records a check; returns how long it has been wrong, and whether it is right for the first time."""
        if constellation != self.constellation:
            self.constellation, self.wrong_since, self.was_right, self.told = constellation, since, False, False
        if is_right:
            became_right, self.wrong_since = not self.was_right, None
            self.was_right = True
            return 0.0, became_right
        if self.wrong_since is None:
            self.wrong_since = now
        return now - self.wrong_since, False


class Watch:
    """One thread for each node. It calls `violation` once for each fault."""

    def __init__(self, engine, truth, bounds, violation):
        self.engine, self.truth, self.bounds, self.violation = engine, truth, bounds, violation
        self.streaks = {}
        # For each direction: how long others took to notice, and who noticed whom.
        self.slowest = {"alive": (0.0, ""), "gone": (0.0, ""), "alone": (0.0, "")}
        self.looks = 0
        self.false_alarms = 0
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._watch, args=(node,)) for node in range(engine.count)]
        self.by_address = {engine.gossip_address(node): node for node in range(engine.count)}

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _watch(self, node):
        while not self.over.wait(INTERVAL):
            states = self.truth.view()
            state, since, epoch, born = states[node]
            if state not in (UP, APART):
                continue
            asked = time.monotonic()
            owed = self.truth.owed(node, asked)
            try:
                stamp = client.stamp(self.engine.client_address(node))
                listed = client.members(self.engine.client_address(node))
                alive, _, _ = client.ask(self.engine.client_address(node), "/livez")
                ready, _, why = client.ask(self.engine.client_address(node), "/readyz")
                failure = None
            except client.Unanswered as error:
                failure = error
            now = time.monotonic()
            if self.truth.view()[node][2] != epoch:
                continue
            self._check(node, "answer", epoch, since, failure is None, now, f"does not answer: {failure}",
                        self.bounds.answer)
            if failure:
                continue
            self.looks += 1
            self.truth.saw(node, epoch, stamp, now)
            self._check(node, "value", epoch, since, owed is None or stamp >= owed, now,
                        f"holds {stamp} but must hold {owed} or a greater one", 0)
            self._check(node, "livez", epoch, since, alive == 200, now, f"/livez answers {alive}", 0)
            self._check(node, "readyz", epoch, born, ready == 200, now, f"/readyz answers {ready}: {why.strip()}",
                        self.bounds.ready)
            self._check_members(node, states, listed, now)

    def _check_members(self, observer, states, listed, now):
        statuses = {}
        for member in listed:
            subject = self.by_address.get(str(member.get("address", "")).rsplit(":", 1)[0])
            if subject is not None:
                statuses[subject] = member.get("status")
        current = self.truth.view()
        for subject, (state, since, epoch, _) in enumerate(states):
            # If the subject changed while we asked, either answer is right.
            if subject == observer or current[subject][2] != epoch or state == "changing":
                continue
            is_reachable = state == UP and states[observer][0] == UP
            expected = ALIVE if is_reachable else GONE
            status = statuses.get(subject)
            is_alone = states[observer][0] == APART
            bound = self.bounds.members + self.bounds.members_alone_each * (len(states) - 1) * is_alone
            self._check(
                observer, subject, (states[observer][2], epoch), max(since, states[observer][1]), status in expected,
                now,
                f"is {states[observer][0]} and lists n{subject + 1}, which is {state}, as {status or 'unknown'}",
                bound, "alive" if is_reachable else "alone" if is_alone else "gone")

    def _check(self, node, what, constellation, since, is_right, now, sentence, bound, kind=None):
        streak = self.streaks.setdefault((node, what), Streak())
        known = streak.constellation == constellation and streak.was_right and streak.wrong_since is None
        wrong_for, became_right = streak.look(constellation, since, is_right, now)
        if kind and became_right:
            self.slowest[kind] = max(self.slowest[kind], (now - since, f"by n{node + 1} of n{what + 1}"))
        if kind == "alive" and known and "as dead" in sentence and not is_right:
            self.false_alarms += 1
        if not is_right and wrong_for >= bound and not streak.told:
            streak.told = True
            self.violation(f"n{node + 1} {sentence} ({wrong_for:.1f} s)")
