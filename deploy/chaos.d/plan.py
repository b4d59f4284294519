"""What goes wrong, and when: a pure function of the seed.

The plan is made before the run and does not depend on anything in it, so a seed gives the same faults at the same times
on every machine. How the nodes react differs from run to run; which faults they meet does not.
"""

from dataclasses import dataclass, field

# The weight of each kind of fault. Clusters exist because of kills and cuts; the others are rarer.
KINDS = {
    "kill": 4,  # SIGKILL; started again when the fault ends
    "stop": 2,  # SIGTERM; it leaves, and is started again when the fault ends
    "restart": 2,  # SIGTERM, and started again at once
    "pause": 3,  # frozen: it handles no packet, and then all of them at once
    "disconnect": 3,  # off the gossip network; clients still reach it
    "forget": 1,  # disconnected and then killed: what was written only there is gone
    "shape": 3,  # datagrams are lost both ways, and arrive late and reordered
}

# A fault is either too short for the node to be declared dead, and then nobody may declare it; or longer, and then all
# must. The longer ones must outlast the bound within which the members must agree, or that would never be checked.
SHORT = (0.3, 1.5)
LONG = (9.0, 13.0)
# How long a node is left alone after a fault: now and then long enough for all to see it alive for the whole bound.
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
    """All steps of a run, in order. At any time at least one node has no fault."""
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
