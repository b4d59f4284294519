"""The true state of the nodes, as far as the script that breaks them can know it, and what they owe.

A node owes a stamp if it must hold it, or a greater one, until its process ends:

* it acknowledged the stamp as a write, or was seen to hold it;
* it has been up, together with another node that owes the stamp, for the time in which a value must spread.

A database that keeps one integer in memory cannot promise more. If a node acknowledged a write while it was alone, or was
killed before it could pass the write on, the write may be gone with that process. The script does not excuse such a
write in silence: the verdict counts it. When a node is killed, its debts are cancelled, but not those of others. So a
value that had the time to spread cannot be lost unnoticed, unless all who had it were killed.
"""

import bisect
import threading
from dataclasses import dataclass, field

UP, DOWN, PAUSED, APART, CHANGING = "up", "down", "paused", "apart", "changing"


@dataclass
class Debt:
    """The stamps that one process owes: the greatest, and since when."""

    times: list = field(default_factory=list)
    stamps: list = field(default_factory=list)

    def add(self, time, stamp):
        if self.stamps and stamp <= self.stamps[-1]:
            return
        # Two threads may report in reverse order; then the older report counts from the newer one's time.
        self.times.append(max(time, self.times[-1]) if self.times else time)
        self.stamps.append(stamp)

    def at(self, time):
        """What the process owed at that time; None if nothing."""
        index = bisect.bisect_right(self.times, time)
        return self.stamps[index - 1] if index else None


@dataclass
class Node:
    state: str = CHANGING
    since: float = 0.0
    # Counts changes of state, so that an answer from before a change is not judged by the state after it.
    epoch: int = 0
    # When the process started.
    born: float = 0.0
    debt: Debt = field(default_factory=Debt)


class Truth:
    """The nodes' states and debts. One lock guards all of it, and nobody waits for anything else under it."""

    def __init__(self, count, spread_bound):
        self.nodes = [Node() for _ in range(count)]
        self.spread_bound = spread_bound
        self.lock = threading.Lock()
        self.greatest_acknowledged = None
        self.acknowledged = []

    def change(self, node, state, now, new_life=False):
        """A node's state changed, or begins to change. A new process owes nothing yet."""
        with self.lock:
            self._share(now)
            it = self.nodes[node]
            it.state, it.since, it.epoch = state, now, it.epoch + 1
            if new_life:
                it.born, it.debt = now, Debt()

    def ended(self, node):
        """The process has ended, and its debts with it."""
        with self.lock:
            self.nodes[node].debt = Debt()

    def view(self):
        """States, times, epochs and start times of all nodes at one moment."""
        with self.lock:
            return [(it.state, it.since, it.epoch, it.born) for it in self.nodes]

    def acknowledge(self, node, epoch, stamp, now):
        with self.lock:
            self.acknowledged.append(stamp)
            if self.greatest_acknowledged is None or stamp > self.greatest_acknowledged:
                self.greatest_acknowledged = stamp
            # An acknowledgement that arrives around a change may come from the previous process.
            if self.nodes[node].epoch == epoch:
                self.nodes[node].debt.add(now, stamp)

    def saw(self, node, epoch, stamp, now):
        """The node was seen to hold this stamp."""
        with self.lock:
            if self.nodes[node].epoch == epoch:
                self.nodes[node].debt.add(now, stamp)

    def owed(self, node, now):
        """What the node must hold now; None if nothing."""
        with self.lock:
            self._share(now)
            return self.nodes[node].debt.at(now)

    def floor(self, now):
        """The greatest stamp that any process owes."""
        with self.lock:
            self._share(now)
            return max((d for it in self.nodes if (d := it.debt.at(now)) is not None), default=None)

    def _share(self, now):
        """A node that was up for the whole bound owes what any other such node owed when the bound began."""
        then = now - self.spread_bound
        together = [it for it in self.nodes if it.state == UP and it.since <= then]
        owed = [d for it in together if (d := it.debt.at(then)) is not None]
        for it in together if owed else []:
            it.debt.add(now, max(owed))
