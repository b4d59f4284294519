"""What goes wrong, and when: a pure function of the seed.

The plan is made before the run and looks at nothing that happens in it, so that a seed is the same faults at the same
times on every machine. What the nodes make of it differs from run to run; which faults met them does not.
"""

from dataclasses import dataclass, field

# How often each kind of fault is drawn. Kills and cuts are what clusters are for; the others are rarer.
KINDS = {
    "kill": 4,  # SIGKILL, started again when the fault ends
    "stop": 2,  # SIGTERM: it leaves, and is started again
    "restart": 2,  # SIGTERM and started at once
    "pause": 3,  # frozen: not a packet, and then all of them at once
    "disconnect": 3,  # without the network over which nodes talk; clients still reach it
    "forget": 1,  # disconnected and then killed: whatever was written there alone is gone
    "shape": 3,  # datagrams lost both ways, and late in disorder
}

# Faults are either shorter than it takes to be declared dead, when nobody should be, or longer, when all must be. The
# longer ones must outlast the bound within which the members must agree on it, or that would never be looked at.
SHORT = (0.3, 1.5)
LONG = (9.0, 13.0)
# How long a node is left alone after a fault. Long enough now and then to be seen as alive by all for the whole bound.
REST = (1.0, 12.0)


@dataclass(frozen=True, order=True)
class Step:
    """One thing to do to one node."""

    time: float
    node: int
    action: str
    parameters: tuple = field(default=())

    def __str__(self):
        return " ".join([self.action, f"n{self.node + 1}", *map(str, self.parameters)])


def make(rng, nodes, seconds):
    """All steps of a run, in order. At least one node is without a fault at any time."""
    steps, busy_until, now = [], [0.0] * nodes, 1.0
    # About half of the nodes are in trouble at any time.
    gap = (sum(LONG) + sum(SHORT)) / 4 / nodes * 2
    while now < seconds - 1:
        idle = [node for node in range(nodes) if busy_until[node] <= now]
        in_trouble = sum(1 for step_end in busy_until if step_end > now)
        if idle and in_trouble < nodes - 1:
            node = rng.choice(idle)
            fault, end = _fault(rng, node, now, seconds)
            steps += fault
            busy_until[node] = end + rng.uniform(*REST)
        now += rng.expovariate(1 / gap)
    return sorted(steps)


def _fault(rng, node, now, seconds):
    """The steps of one fault at one node, and when it is over."""
    kind = rng.choices(list(KINDS), weights=list(KINDS.values()))[0]
    end = min(now + rng.uniform(*(SHORT if rng.random() < 0.4 else LONG)), seconds)
    begin = lambda action, *parameters: Step(now, node, action, parameters)
    over = lambda action: Step(end, node, action)
    match kind:
        case "restart":
            return [begin("restart")], now
        case "kill" | "stop":
            return [begin(kind), over("start")], end
        case "pause":
            return [begin("pause"), over("resume")], end
        case "disconnect":
            return [begin("disconnect"), over("connect")], end
        case "forget":
            return [begin("disconnect"), over("replace")], end
        case _:
            loss, delay = rng.choice([10, 20, 30]), rng.choice([0, 5, 20, 50])
            return [begin("shape", f"{loss}%", f"{delay}ms"), over("clear")], end
