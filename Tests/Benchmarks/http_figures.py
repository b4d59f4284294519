"""The figures of `http`. Each part is a generator of names and texts. README.md beside this file explains them."""

import contextlib
import glob
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time

ROUNDS = 7             # The machine does other things too: a median of seven survives three bad rounds.
ROUND_SECONDS = 2      # Some 50,000 requests. A longer round is only more likely to be disturbed.
COUNTED = 3200         # Requests under valgrind: with so many, one of the node's own datagrams is less than 1 %.
MIXED_SECONDS = 10
IDLE_SECONDS = 20      # 50 probe periods.
STARTS, JOINS = 20, 10
CALM_SECONDS = 8       # By then a node has given back the pages that only its start needed (after 5 s).
MANY = 1000            # The largest cluster with a figure of its own.


class Failed(Exception):
    """A measurement that gave no figure."""


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One process that serves HTTP on its own port."""

    def __init__(self, command, port, **options):
        self.port, self.started, self.kept = port, time.monotonic(), None
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        **{"stdout": subprocess.DEVNULL, **options})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def get(self, path):
        """Status, fields and body, over one kept connection."""
        for _ in range(2):
            self.kept = self.kept or http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                self.kept.request("GET", path)
                answer = self.kept.getresponse()
                return answer.status, answer.headers, answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                self.kept, failure = None, error
        raise Failed(f"{path}: {failure}")

    def wait(self, condition, limit=30):
        """Seconds from the start of the process to when the condition holds."""
        while True:
            with contextlib.suppress(Failed):
                if condition(self):
                    return time.monotonic() - self.started
            if time.monotonic() - self.started > limit:
                raise Failed(f"port {self.port}: not within {limit} s")
            time.sleep(0.001)

    def processor_seconds(self):
        """Processor time of all threads, to the nanosecond."""
        files = glob.glob(f"/proc/{self.process.pid}/task/*/schedstat")
        return sum(int(open(file).read().split()[0]) for file in files) / 1e9

    def memory(self, what="VmRSS"):
        """Bytes, as the kernel counts them for this process."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(what + r":\s+(\d+) kB", status.read()).group(1)) * 1024

    def alive(self):
        members = json.loads(self.get("/members?format=json")[2])["members"]
        return sum(member["status"] == "alive" for member in members)

    def metric(self, name):
        return sum(float(line.split()[-1]) for line in self.get("/metrics")[2].splitlines() if line.startswith(name))


def is_ready(server):
    return server.get("/readyz")[0] == 200


def node(binary, seeds=(), cluster="unum", prefix=()):
    http_port, udp_port = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    server = Server([*prefix, binary, "--bind", f"127.0.0.1:{udp_port}", "--advertise", f"127.0.0.1:{udp_port}",
                     "--http", f"127.0.0.1:{http_port}", "--cluster", cluster, "--name", f"n{udp_port}"]
                    + (["--join", ",".join(seeds)] if seeds else []), http_port)
    server.address = f"127.0.0.1:{udp_port}"
    return server


@contextlib.contextmanager
def nodes(binary, count):
    """A cluster whose nodes all know each other."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(node(binary))
        first.wait(is_ready)
        others = [stack.enter_context(node(binary, [first.address])) for _ in range(count - 1)]
        for server in [first, *others]:
            server.wait(lambda it: it.alive() == count)
        yield [first, *others]


def wrk(server, path, seconds, script=None):
    """Requests a second, requests, and the 99th percentile of the latency in microseconds."""
    said = subprocess.run(["wrk", "-t1", "-c64", "--latency", f"-d{seconds}s", *(["-s", script] if script else []),
                           f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True, check=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: \d+|Socket errors: .*", said)
    if bad:
        raise Failed(f"wrk {path}: {bad.group(0)}")
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))
    requests = int(re.search(r"(\d+) requests in", said).group(1))
    return rate, requests, float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def hot(binary, responder, _):
    """The responder, /get and /set in turn, round after round."""
    port = free_port(socket.SOCK_STREAM)
    with Server([responder, str(port)], port) as bare, node(binary) as unum:
        unum.wait(is_ready)
        targets = {"bare responder": (bare, "/"), "/get": (unum, "/get"), "/set/7": (unum, "/set/7")}
        rounds = {name: [] for name in targets}
        for _ in range(ROUNDS):
            for name, (server, path) in targets.items():
                before = server.processor_seconds()
                rate, count, latency = wrk(server, path, ROUND_SECONDS)
                rounds[name].append((rate, (server.processor_seconds() - before) / count * 1e6, latency))
        for name, taken in rounds.items():
            rate, cost, latency = (statistics.median(column) for column in zip(*taken))
            ratios = [[a / b for a, b in zip(ours, theirs)] for ours, theirs in zip(taken, rounds["bare responder"])]
            of = [statistics.median(column) for column in zip(*ratios)]
            yield f"wrk -t1 -c64, {name}", (
                f"{rate:.0f}/s ({of[0]:.2f} of bare), {cost:.1f} µs of processor each ({of[1]:.2f}), "
                f"99 % within {latency / 1000:.2f} ms ({of[2]:.2f})")


def exact(binary, _, scratch):
    """Instructions without the kernel, which repeat where times do not."""
    stripped = os.path.join(scratch, "unum")
    # Older releases of valgrind cannot read today's debug symbols, and stop.
    subprocess.run(["strip", "-g", "-o", stripped, binary], check=True)
    for path in ["/get", "/set/7"]:
        out = os.path.join(scratch, "callgrind" + path.replace("/", "-"))
        with node(stripped, prefix=["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]) as unum:
            unum.wait(is_ready)
            clients = [socket.create_connection(("127.0.0.1", unum.port)) for _ in range(16)]
            request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
            ask(clients, request, 20)
            control(unum, "-z")
            ask(clients, request, COUNTED // len(clients))
            control(unum, "-d")
        dumps = [open(file).read() for file in glob.glob(out + ".*")]
        counts = [re.findall(r"^(?:totals|summary): (\d+)", dump, re.M) for dump in dumps]
        total = sum(int(found[-1]) for found in counts if found)
        yield f"instructions for a {path}", f"{total / COUNTED:.0f}"


def ask(clients, request, times):
    for _ in range(times):
        for client in clients:
            client.sendall(request)
        for client in clients:
            if not client.recv(4096).startswith(b"HTTP/1.1 200"):
                raise Failed("an answer that is not 200")


def control(server, what):
    subprocess.run(["callgrind_control", what, str(server.process.pid)], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=True)


def mixed(binary, _, scratch):
    """Nineteen reads and a write, again and again, on one of three nodes; and how far the others lag behind."""
    script = os.path.join(scratch, "mixed.lua")
    with open(script, "w") as file:
        file.write("local n = 0\nfunction request()\n  n = n + 1\n"
                   "  return wrk.format('GET', n % 20 == 0 and '/set/' .. n or '/get')\nend\n")
    with nodes(binary, 3) as cluster:
        loaded, others = cluster[0], cluster[1:]
        names = ["unum_sets_total", "unum_datagrams_total"]
        before = [loaded.metric(name) for name in names]
        load = subprocess.Popen(["wrk", "-t1", "-c64", f"-d{MIXED_SECONDS}s", "-s", script,
                                 f"http://127.0.0.1:{loaded.port}/get"], stdout=subprocess.PIPE, text=True)
        lags, end = [], time.monotonic() + MIXED_SECONDS - 0.5
        while time.monotonic() < end:
            start, wanted = time.monotonic(), generation(loaded)
            for other in others:
                while generation(other) < wanted:
                    if time.monotonic() - start > 30:
                        raise Failed(f"generation {wanted} is not on all after 30 s")
            lags.append((time.monotonic() - start) * 1000)
            time.sleep(0.01)
        said = load.communicate()[0]
        sets, datagrams = ((loaded.metric(name) - first) / MIXED_SECONDS for name, first in zip(names, before))
        lags.sort()
        yield "95 % get, 5 % set on one of three nodes", re.search(r"Requests/sec:\s+([\d.]+)", said).group(1) + "/s"
        yield "writes a second there, and datagrams, sent and received", f"{sets:.0f}, {datagrams:.0f}"
        yield "a write seen on the others meanwhile", (
            f"{statistics.median(lags):.1f} ms median, {lags[int(0.99 * len(lags))]:.1f} ms 99th percentile")


def generation(server):
    return int(server.get("/get")[1]["ETag"].strip('"').split(".")[0])


def memory(binary, *_):
    """Five nodes: at rest, and after every kind of request."""
    with nodes(binary, 5) as cluster:
        time.sleep(CALM_SECONDS)
        before = [server.processor_seconds() for server in cluster]
        time.sleep(IDLE_SECONDS)
        used = [server.processor_seconds() - first for server, first in zip(cluster, before)]
        yield "idle, n = 5: share of a core", f"{statistics.median(used) / IDLE_SECONDS:.2%}"
        yield "resident, n = 5, at rest", resident(cluster)
        for server in cluster * 20:
            for path in ["/set/5", "/get", "/members", "/metrics"]:
                server.get(path)
        yield "resident, n = 5, after writes, reads and pages", resident(cluster)


def resident(servers):
    total, private = (statistics.median(server.memory(what) for server in servers) for what in ("VmRSS", "RssAnon"))
    return f"{total / 1e6:.1f} MB, of it {private / 1e6:.1f} private"


def start(binary, *_):
    """From just before the process starts until it says that it is ready."""
    times, costs = [], []
    for _ in range(STARTS):
        with node(binary) as alone:
            times.append(alone.wait(is_ready) * 1000)
            costs.append(alone.processor_seconds() * 1000)
    yield "processor time from start to ready", f"{statistics.median(costs):.1f} ms"
    yield "start to ready, alone", f"{statistics.median(times):.0f} ms median, {max(times):.0f} worst"
    times = []
    with nodes(binary, 20) as cluster:
        for turn in range(JOINS):
            with node(binary, [cluster[turn].address]) as new:
                times.append(new.wait(lambda it: is_ready(it) and it.alive() >= 21) * 1000)
                for process in cluster:
                    process.wait(lambda it: it.alive() == 21, limit=900)
                new.process.terminate()
                new.process.wait()
    yield "start to ready and 20 others known", f"{statistics.median(times):.0f} ms median, {max(times):.0f} worst"


@contextlib.contextmanager
def company(count):
    """The address of one of so many nodes in one process, which know each other and seldom probe."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    subprocess.run(["swift", "build", "-c", "release", "--product", "operations"], cwd=root, check=True,
                   env=os.environ | {"UNUM_COUNTERS": "1"}, stdout=sys.stderr)
    # Each node has two sockets.
    process = subprocess.Popen(
        ["bash", "-c", 'ulimit -n "$(ulimit -H -n)" && exec "$0" company "$1"',
         os.path.join(root, ".build/release/operations"), str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if not (found := re.search(r"gossip on (\S+)", process.stdout.readline())):
            raise Failed(f"the company of {count} ended with {process.wait()}")
        yield found.group(1)
    finally:
        process.kill()
        process.wait()


def many(binary, *_):
    """One node under default settings among a thousand others."""
    with company(MANY) as seed, node(binary, [seed]) as one:
        one.wait(is_ready, limit=60)
        # Asked seldom, because listing a thousand members is more work than knowing them.
        while (alive := one.metric('unum_members{status="alive"}')) <= MANY:
            if time.monotonic() - one.started > 120:
                raise Failed(f"{alive:.0f} members after two minutes")
            time.sleep(0.1)
        yield f"{MANY:,} others known", f"after {time.monotonic() - one.started:.1f} s"
        # By then the node has given pages back again, after listing so many members had brought some in.
        time.sleep(max(0, one.started + 70 - time.monotonic()))
        before = one.processor_seconds()
        time.sleep(IDLE_SECONDS)
        yield "idle among them: share of a core", f"{(one.processor_seconds() - before) / IDLE_SECONDS:.2%}"
        yield "resident among them", resident([one])
        costs = []
        for _ in range(10):
            before = one.processor_seconds()
            one.get("/members")
            costs.append((one.processor_seconds() - before) * 1000)
        yield "/members of all", f"{statistics.median(costs):.1f} ms of processor"
        yield "resident after ten of them", resident([one])


PARTS = {"hot": hot, "exact": exact, "mixed": mixed, "memory": memory, "start": start, "many": many}
