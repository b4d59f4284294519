"""Writes in a stream: one client, which sends each write after the answer to the last, each to a random node.

A write is lost if the next one starts on another node before the write has arrived there. The number of lost writes is
exact: every accepted write raises the generation of its node by one, so the lost writes are those accepted, minus the rise
of the cluster's generation. Only a sample of writes is timed, because polling all nodes about all writes would be more
work than the writes.
"""

import random
import re
import time

from cluster import Failed

WRITES_SECONDS = 20   # A thousand writes at 50 a second, so that one lost write in a thousand shows.
SAMPLES_SECOND = 8    # Asking 50 nodes takes some milliseconds of a core each time.
LIMIT_SECONDS = 10


def datagrams(cluster):
    """Datagrams that all nodes have sent so far."""
    total = 0
    for node in cluster.nodes:
        _, body = node.get("/metrics")
        total += sum(map(int, re.findall(r'(?m)^unum_datagrams_total\{[^}]*direction="sent"[^}]*\} (\d+)$', body)))
    return total


def generation(node):
    """The generation that a node holds."""
    status, body = node.get("/get?format=json")
    found = re.search(r'"generation": ?(\d+)', body)
    if status != 200 or not found:
        raise Failed(f"{node.name} does not tell its generation")
    return int(found.group(1))


class Sample:
    """A write that is followed to all nodes."""

    def __init__(self, start, generation, nodes):
        self.start, self.generation, self.waiting, self.seconds = start, generation, nodes, None

    def look(self):
        """Asks all nodes that do not have it yet, and then reads, so that they answer in parallel."""
        for node in self.waiting:
            node.ask("/get?format=json")
        behind = []
        for node in self.waiting:
            found = re.search(r'"generation": ?(\d+)', node.answer()[1])
            if not found or int(found.group(1)) < self.generation:
                behind.append(node)
        self.waiting = behind
        if not behind:
            self.seconds = time.monotonic() - self.start


def stream(cluster, rate, seconds=WRITES_SECONDS):
    """Writes; returns the share lost, the milliseconds of the samples, and datagrams per second and node."""
    first = max(generation(node) for node in cluster.nodes)
    sent, start = datagrams(cluster), time.monotonic()
    samples, open_samples = [], []
    begin = time.monotonic()
    writes = int(rate * seconds)
    every = max(1, round(rate / SAMPLES_SECOND))
    for number in range(writes):
        due = begin + number / rate
        while True:
            open_samples = [sample for sample in open_samples if sample.seconds is None]
            if time.monotonic() >= due:
                break
            for sample in open_samples:
                sample.look()
            if not open_samples:
                time.sleep(max(0, min(due - time.monotonic(), 0.001)))
        writer = random.choice(cluster.nodes)
        before = time.monotonic()
        status, body = writer.get(f"/set/{10**9 + number}?format=json")
        found = re.search(r'"generation": ?(\d+)', body)
        if status != 200 or not found:
            raise Failed(f"a write on {writer.name}: {status} {body}")
        if number % every == 0:
            sample = Sample(before, int(found.group(1)), [node for node in cluster.nodes if node is not writer])
            samples.append(sample)
            open_samples.append(sample)
    elapsed = time.monotonic() - start
    rate_sent = (datagrams(cluster) - sent) / elapsed / len(cluster.nodes)
    limit = time.monotonic() + LIMIT_SECONDS
    while any(sample.seconds is None for sample in samples):
        if time.monotonic() > limit:
            raise Failed(f"a write is not on all after {LIMIT_SECONDS} s")
        for sample in samples:
            if sample.seconds is None:
                sample.look()
    while len({generation(node) for node in cluster.nodes}) > 1:
        if time.monotonic() > limit:
            raise Failed("the nodes do not come to one generation")
    lost = writes - (generation(cluster.nodes[0]) - first)
    return lost / writes, [sample.seconds * 1000 for sample in samples], rate_sent, writes / elapsed
