"""Takes the figures that README.md beside this file explains, prints them as one table, and keeps them as JSON."""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time

import faults
import peer
import streams
from cluster import Cluster, Failed, Node, prepare, until

SETS = 100            # Enough for a 99th percentile that is not just the worst.
KILLS = 8             # The simulation shows the tail; this checks that real processes agree with it.
SETTLE_SECONDS = 10   # News of the joins still travels for a few seconds.
IDLE_SECONDS = 10     # 25 probe periods: a member's share of bursts evens out.
LOAD_SECONDS = 5


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def converge(cluster, sets=SETS):
    """Milliseconds from just before the /set until the last node answers /get with the new value."""
    times = []
    for _ in range(sets):
        value = str(random.randrange(10**9, 10**12))
        writer = random.choice(cluster.nodes)
        start = time.monotonic()
        if writer.get(f"/set/{value}") != (200, value):
            raise Failed(f"/set/{value} on {writer.name}")
        waiting = [node for node in cluster.nodes if node is not writer]
        while waiting:
            # Ask all first and then read, so that the nodes answer in parallel.
            for node in waiting:
                node.ask("/get")
            waiting = [node for node in waiting if node.answer() != (200, value)]
            if time.monotonic() - start > 30:
                raise Failed(f"{value} is not on {[node.name for node in waiting]} after 30 s")
        times.append((time.monotonic() - start) * 1000)
        # Writes are apart, so that each is measured alone, at a random moment of the probe period.
        time.sleep(random.uniform(0.1, 0.3))
    return times


def detect(cluster, kills=KILLS):
    """Seconds from kill -9 to when every other node lists the victim as dead."""
    times = []
    for _ in range(kills):
        victim = random.choice(cluster.nodes)
        others = [node for node in cluster.nodes if node is not victim]
        for node in others:
            getattr(node, "failures", {}).pop(victim.name, None)
        victim.kill()
        start = time.monotonic()
        # Poll one node until it knows, and only then the others: polling a hundred lists all the time would starve the
        # nodes that must answer.
        waiting = others
        while waiting:
            until(lambda: waiting[0].declares_dead(victim.name), 60, f"{victim.name} is dead on {waiting[0].name}")
            waiting = [node for node in waiting if not node.declares_dead(victim.name)]
        times.append(time.monotonic() - start)
        victim.start(cluster.seeds)
        cluster.wait_whole()
        # A restart is news. The next crash must meet a cluster at rest, at a random moment of the period.
        time.sleep(random.uniform(2, 3))
    return times


def idle(cluster):
    """What a node sends and computes in an idle second: bytes, packets, processor seconds, bytes by UDP."""
    time.sleep(SETTLE_SECONDS)
    udp_before, udp_since = sum(node.udp_bytes() for node in cluster.nodes), time.monotonic()
    bytes_before, packets_before = cluster.traffic()
    busy_before = sum(node.processor_seconds() for node in cluster.nodes)
    start = time.monotonic()
    time.sleep(IDLE_SECONDS)
    bytes_after, packets_after = cluster.traffic()
    busy = sum(node.processor_seconds() for node in cluster.nodes) - busy_before
    node_seconds = (time.monotonic() - start) * len(cluster.nodes)
    # Asked outside of that time, because the answers are traffic too.
    udp = (sum(node.udp_bytes() for node in cluster.nodes) - udp_before) / (time.monotonic() - udp_since)
    each = [amount / node_seconds for amount in (bytes_after - bytes_before, packets_after - packets_before, busy)]
    return each + [udp / len(cluster.nodes)]


def load(node, path):
    """Requests that wrk gets answered in a second, in the node's own namespace. An answer other than 2xx fails."""
    command = ["ip", "netns", "exec", node.host, "wrk", "-t1", "-c64", f"-d{LOAD_SECONDS}s",
               f"http://127.0.0.1:8080{path}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", said)
    if bad:
        raise Failed(f"wrk {path}: {bad.group(0)}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))


def start_to_ready(node, seeds):
    """Milliseconds from the start of the process to the first 200 of /readyz."""
    start = time.monotonic()
    node.start(seeds)
    while node.get("/readyz")[0] != 200:
        if time.monotonic() - start > 30:
            raise Failed(f"{node.name} is not ready after 30 s")
        time.sleep(0.001)
    return (time.monotonic() - start) * 1000


def milliseconds(times):
    return f"{statistics.median(times):.1f} ms median, {percentile(times, 0.99):.1f} ms p99", times


def seconds(times):
    return f"{statistics.median(times):.2f} s median, {max(times):.2f} s worst", times


def common(cluster, write, writes):
    """The figures that both systems have: name, text, and numbers."""
    size, packets, busy, udp = idle(cluster)
    yield "idle, sent per node", f"{size:.0f} B/s, {packets:.1f} packets/s", [size, packets]
    if udp:
        yield "idle, of it by UDP", f"{udp:.0f} B/s", [udp]
    yield "idle, processor per node", f"{busy * 100:.2f} % of a core", [busy]
    yield (writes, *milliseconds(write(cluster)))
    memory = statistics.median(node.resident_bytes() for node in cluster.nodes)
    yield "resident memory per node", f"{memory / 1e6:.1f} MB", [memory]
    yield ("kill -9 to dead on all", *seconds(detect(cluster)))


def unum_figures(size, first_host):
    cluster = Cluster(size, first_host)
    try:
        cluster.start()
        yield from common(cluster, converge, "/set to visible on all")
        for rate in [50, 200]:
            lost, took, packets, real = streams.stream(cluster, rate)
            yield (f"writes in a stream, {rate} a second",
                   f"{100 * lost:.1f} % lost; {statistics.median(took):.1f} ms median, {percentile(took, 0.99):.1f} ms p99"
                   f"; {packets:.0f} packets/s", [lost, statistics.median(took), percentile(took, 0.99), packets, real])
        times = []
        for _ in range(5):
            cluster.nodes[-1].kill()
            until(lambda: cluster.nodes[0].declares_dead(cluster.nodes[-1].name), 30, "a death")
            times.append(start_to_ready(cluster.nodes[-1], cluster.seeds))
        yield "start to ready, joining", f"{statistics.median(times):.0f} ms median, {max(times):.0f} ms worst", times
    finally:
        cluster.stop()


def fault_figures(size, first_host, minutes):
    cluster = Cluster(size, first_host)
    try:
        cluster.start()
        times = faults.heal(cluster)
        yield "heal of two halves after 90 s", f"{times[0]:.2f} s", times
        times = faults.pause(cluster)
        yield "back on all after a pause of 3 s", *seconds(times)
        cluster.lose(20)
        yield ("/set to visible on all, 20 % loss", *milliseconds(converge(cluster)))
        yield ("kill -9 to dead on all, 20 % loss", *seconds(detect(cluster)))
        yield faults.false_alarms(cluster, minutes, "20 % loss")
        cluster.lose(0)
        with faults.busy_processes(4):
            yield ("kill -9 to dead on all, beside 4 busy processes", *seconds(detect(cluster)))
            yield faults.false_alarms(cluster, minutes, "beside 4 busy processes")
    finally:
        cluster.stop()


def serf_figures(size, first_host):
    cluster = Cluster(size, first_host, kind=peer.SerfNode)
    try:
        cluster.start()
        yield from common(cluster, lambda cluster: peer.converge(cluster, 10), "event on all")
    finally:
        cluster.stop()


def one_node(first_host):
    """What one node serves alone, and how soon."""
    node = Node(first_host)
    node.plug_in()
    try:
        times = []
        for _ in range(5):
            node.kill()
            times.append(start_to_ready(node, ""))
        yield "start to ready, alone", f"{statistics.median(times):.0f} ms median, {max(times):.0f} ms worst", times
        for path in ["/get", "/set/7"]:
            rate = load(node, path)
            yield f"wrk -t1 -c64 {path}", f"{rate:.0f} requests/s", [rate]
    finally:
        node.kill()


def arguments():
    parser = argparse.ArgumentParser(prog="Tests/Benchmarks/run")
    parser.add_argument("sizes", metavar="SIZE", nargs="*", type=int, help="cluster sizes; default 5 and 20")
    parser.add_argument("--faults", action="store_true", help="also with loss, pauses, a partition and a busy machine")
    parser.add_argument("--minutes", type=float, default=5, help="how long false alarms are waited for; default 5")
    parser.add_argument("--serf", action="store_true", help="also Serf's agent (Debian: serf), on the same hosts")
    parser.add_argument("--json", metavar="FILE", help="where to keep all numbers, for plot.py")
    return parser.parse_args()


def sources(options, first_host):
    """What to measure: the title of each column, and the source of its figures."""
    yield "one node", one_node(first_host)
    for size in options.sizes or [5, 20]:
        first_host += 1 + size
        yield f"{size} nodes", unum_figures(size, first_host)
        if options.faults:
            first_host += size
            yield f"{size} nodes, faults", fault_figures(size, first_host, options.minutes)
        if options.serf:
            first_host += size
            yield f"{size} of Serf", serf_figures(size, first_host)


def show(columns):
    """One line per figure that any column has."""
    names = list(dict.fromkeys(name for figures in columns.values() for name in figures))
    print(f"\n{os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n")
    print("| | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name in names:
        print(f"| {name} | " + " | ".join(figures.get(name, ("",))[0] for figures in columns.values()) + " |")


def main():
    options = arguments()
    prepare()
    columns, failed = {}, False
    for title, source in sources(options, 0):
        columns[title] = {}
        try:
            for name, text, numbers in source:
                print(f"{title}: {name}: {text}", file=sys.stderr, flush=True)
                columns[title][name] = (text, numbers)
        except (Failed, OSError) as error:
            print(f"{title}: {error}", file=sys.stderr, flush=True)
            failed = True
    show(columns)
    if options.json:
        with open(options.json, "w") as file:
            json.dump({title: {name: numbers for name, (_, numbers) in figures.items()}
                       for title, figures in columns.items()}, file, indent=1)
            file.write("\n")
    sys.exit(1 if failed else 0)


main()
