"""Takes the figures that README.md beside this file explains, and prints them as one table."""

import os
import random
import re
import statistics
import subprocess
import sys
import time

from cluster import Cluster, Failed, prepare

SETS = 100            # Enough for a 99th percentile that is not just the worst.
KILLS = 5
SETTLE_SECONDS = 10   # After joining, the news of it is still on its way for a few seconds.
IDLE_SECONDS = 10     # 25 probe periods: a member's share of bursts evens out.
LOAD_SECONDS = 5


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def converge(cluster):
    """Milliseconds from before the /set is sent to when the last node answers the new value to /get."""
    times = []
    for _ in range(SETS):
        value = str(random.randrange(10**9, 10**12))
        writer = random.choice(cluster.nodes)
        start = time.monotonic()
        if writer.get(f"/set/{value}") != (200, value):
            raise Failed(f"/set/{value} on {writer.name}")
        waiting = [node for node in cluster.nodes if node is not writer]
        while waiting:
            # Ask all first and read then: the nodes answer side by side.
            for node in waiting:
                node.ask("/get")
            waiting = [node for node in waiting if node.answer() != (200, value)]
            if time.monotonic() - start > 30:
                raise Failed(f"{value} is not on {[node.name for node in waiting]} after 30 s")
        times.append((time.monotonic() - start) * 1000)
        # Writes apart: each is measured alone, and at a random moment of the probe period.
        time.sleep(random.uniform(0.1, 0.3))
    return times


def detect(cluster):
    """Seconds from kill -9 to when every other node lists the victim as dead."""
    times = []
    for _ in range(KILLS):
        victim = random.choice(cluster.nodes)
        others = [node for node in cluster.nodes if node is not victim]
        victim.kill()
        start = time.monotonic()
        waiting = others
        while waiting:
            waiting = [node for node in waiting if node.statuses().get(victim.name) != "dead"]
            if time.monotonic() - start > 60:
                raise Failed(f"{victim.name} is not dead on {[node.name for node in waiting]} after 60 s")
            time.sleep(0.02)
        times.append(time.monotonic() - start)
        victim.start(cluster.seeds)
        cluster.wait_whole()
    return times


def idle(cluster):
    """Bytes of IP and packets that a node sends in a second while nobody asks anything."""
    time.sleep(SETTLE_SECONDS)
    bytes_before, packets_before = cluster.traffic()
    start = time.monotonic()
    time.sleep(IDLE_SECONDS)
    bytes_after, packets_after = cluster.traffic()
    node_seconds = (time.monotonic() - start) * len(cluster.nodes)
    return (bytes_after - bytes_before) / node_seconds, (packets_after - packets_before) / node_seconds


def load(node, path):
    """Requests a second that wrk gets answered, within the node's own namespace, and how many were not 2xx."""
    command = ["ip", "netns", "exec", node.host, "wrk", "-t1", "-c64", f"-d{LOAD_SECONDS}s",
               f"http://127.0.0.1:8080{path}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", said)
    if bad:
        raise Failed(f"wrk {path}: {bad.group(0)}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))


def figures(size, first_host):
    """All figures of one cluster size, as pairs of name and text."""
    cluster = Cluster(size, first_host)
    try:
        cluster.start()
        yield "idle, sent per node", "{:.0f} B/s, {:.1f} packets/s".format(*idle(cluster))
        times = converge(cluster)
        yield "/set to visible on all", "{:.1f} ms median, {:.1f} ms p99".format(
            statistics.median(times), percentile(times, 0.99))
        memory = statistics.median(node.resident_bytes() for node in cluster.nodes)
        yield "resident memory per node", f"{memory / 1e6:.1f} MB"
        times = detect(cluster)
        yield "kill -9 to dead on all", "{:.2f} s median, {:.2f} s worst".format(
            statistics.median(times), max(times))
    finally:
        cluster.stop()


def load_figures(first_host):
    """What one node alone serves."""
    cluster = Cluster(1, first_host)
    try:
        cluster.start()
        for path in ["/get", "/set/7"]:
            yield f"wrk -t1 -c64 {path}", f"{load(cluster.nodes[0], path):.0f} requests/s"
    finally:
        cluster.stop()


def row(cells, widths):
    print("| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |", flush=True)


def main():
    sizes = [int(argument) for argument in sys.argv[1:]] or [5, 20]
    prepare()
    widths = [24] + [28] * (len(sizes) + 1)
    table, first_host, failed = {}, 0, False
    for column, size in enumerate([1] + sizes):
        source = load_figures(first_host) if column == 0 else figures(size, first_host)
        try:
            for name, text in source:
                print(f"{size} nodes: {name}: {text}", file=sys.stderr, flush=True)
                table.setdefault(name, [""] * (len(sizes) + 1))[column] = text
        except (Failed, OSError) as error:
            print(f"{size} nodes: {error}", file=sys.stderr, flush=True)
            failed = True
        first_host += size
    print(f"\n{os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n")
    row(["", "one node"] + [f"{size} nodes" for size in sizes], widths)
    row(["-" * width for width in widths], widths)
    for name, cells in table.items():
        row([name] + cells, widths)
    sys.exit(1 if failed else 0)


main()
