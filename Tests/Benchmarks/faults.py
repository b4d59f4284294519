"""What the network and the machine do to a cluster, and what shows then."""

import contextlib
import signal
import subprocess
import time

from cluster import until

PARTITION_SECONDS = 90   # Long enough for the halves to give each other up, and for the first retries to be over.
PAUSE_SECONDS = 3        # Longer than detection takes, so that a paused node is declared dead.
PAUSES = 5


def heal(cluster):
    """Two halves that both took writes: seconds from the end of the partition to one list and one value on all."""
    nodes = cluster.nodes
    halves = nodes[:len(nodes) // 2], nodes[len(nodes) // 2:]
    for here, there in (halves, halves[::-1]):
        for node in here:
            node.cut_from(there)
    start = time.monotonic()
    for here, there in (halves, halves[::-1]):
        until(lambda: all(here[0].declares_dead(node.name) for node in there), 80, "the other half is dead")
        for value in range(1 + len(there)):
            here[0].get(f"/set/{value}")
    time.sleep(max(0, PARTITION_SECONDS - (time.monotonic() - start)))
    expected = {node.name: "alive" for node in nodes}
    cluster.lose(0)
    start = time.monotonic()
    until(lambda: all(node.statuses() == expected for node in nodes), 60, "all list all as alive")
    until(lambda: len({node.get("/get?format=json")[1] for node in nodes}) == 1, 60, "one value on all")
    return [time.monotonic() - start]


def pause(cluster):
    """A node pauses and resumes: seconds from then until all list all as alive; nobody else is accused."""
    expected = {node.name: "alive" for node in cluster.nodes}
    times = []
    for round_number in range(PAUSES):
        paused = cluster.nodes[round_number % len(cluster.nodes)]
        others = [node for node in cluster.nodes if node is not paused]
        before = sum(node.counter("unum_refutations_total") for node in others)
        paused.process.send_signal(signal.SIGSTOP)
        time.sleep(PAUSE_SECONDS)
        until(lambda: all(node.declares_dead(paused.name) for node in others), 30, f"{paused.name} is dead")
        paused.process.send_signal(signal.SIGCONT)
        start = time.monotonic()
        until(lambda: all(node.statuses() == expected for node in cluster.nodes), 30, f"{paused.name} is back")
        times.append(time.monotonic() - start)
        accused = sum(node.counter("unum_refutations_total") for node in others) - before
        if accused:
            print(f"while {paused.name} was paused, others had to refute {accused} accusations", flush=True)
        time.sleep(5)
    return times


def false_alarms(cluster, minutes, what):
    """Nobody is killed. Which deaths and suspicions are declared all the same?"""
    names = ["unum_deaths_total", "unum_suspicions_total", "unum_refutations_total"]
    before = [sum(node.counter(name) for node in cluster.nodes) for name in names]
    time.sleep(minutes * 60)
    deaths, suspicions, refutations = (
        sum(node.counter(name) for node in cluster.nodes) - count for name, count in zip(names, before))
    hours = minutes * len(cluster.nodes) / 60
    text = f"{deaths} deaths, {suspicions} suspicions heard, {refutations} refuted, in {hours:.1f} node-hours"
    return f"false alarms, {what}", text, [deaths, suspicions, refutations, hours]


@contextlib.contextmanager
def busy_processes(count):
    """So many busy processes beside the cluster."""
    burning = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()
