"""A cluster of real processes, one network namespace each, on one bridge.

It runs inside a network and a mount namespace of its own (see `run`). The bridge is in that namespace and so is this
script: its requests travel as if from another machine, and the bridge's ends of the cables count each node's traffic.
Faults are between nodes, never between a node and this script.
"""

import json
import os
import re
import signal
import socket
import subprocess
import time

HTTP_PORT = 8080
OBSERVER = "10.99.255.254"
DATAGRAM_HEADERS = 14 + 20 + 8   # Ethernet, IPv4 and UDP, as the cable counts them.


class Failed(Exception):
    """A measurement that gave no figure."""


def address(index):
    return f"10.99.{index // 250}.{index % 250 + 1}"


def prepare():
    """Private places for `ip netns` and for the names of this namespace's devices."""
    os.makedirs("/run/netns", exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/netns"], check=True)
    batch = ["link set lo up", "link add bridge type bridge forward_delay 0", "link set bridge up",
             f"addr add {OBSERVER}/16 dev bridge"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(batch), text=True, check=True)


class Host:
    """One host of the network, with its process."""

    def __init__(self, index):
        self.index = index
        self.host = f"h{index}"
        self.name = f"n{index}"
        self.process = None

    def plug_in(self):
        outer = [f"netns add {self.host}", f"link add c{self.index} type veth peer name eth0 netns {self.host}",
                 f"link set c{self.index} master bridge up"]
        inner = ["link set lo up", f"addr add {address(self.index)}/16 dev eth0", "link set eth0 up"]
        subprocess.run(["ip", "-batch", "-"], input="\n".join(outer), text=True, check=True)
        subprocess.run(["ip", "-n", self.host, "-batch", "-"], input="\n".join(inner), text=True, check=True)

    def spawn(self, command, environment, output):
        self.process = subprocess.Popen(["ip", "netns", "exec", self.host] + command, stdin=subprocess.DEVNULL,
                                        env=dict(environment, PATH=os.environ["PATH"]), stdout=output,
                                        stderr=subprocess.DEVNULL, text=True)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024

    def udp_bytes(self):
        """Ethernet bytes that it sent as datagrams; only our own nodes report them."""
        return 0

    def processor_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # What the network does to this host. It acts on incoming packets, so that each direction of a pair is lost by itself.

    def filter_input(self, rule):
        """Drops what comes from another host and matches the rule; None ends that."""
        table = "" if rule is None else (
            "table inet faults {\nchain input {\ntype filter hook input priority 0;\n"
            f"iifname eth0 ip saddr != {OBSERVER} {rule} drop\n}}\n}}")
        text = f"add table inet faults\ndelete table inet faults\n{table}\n"
        subprocess.run(["ip", "netns", "exec", self.host, "nft", "-f", "-"], input=text, text=True, check=True)

    def lose(self, percent):
        self.filter_input(f"numgen random mod 100 < {percent}" if percent else None)

    def cut_from(self, others):
        self.filter_input("ip saddr { %s }" % ", ".join(address(other.index) for other in others))


class Node(Host):
    """A host with Unum, and a connection to query it."""

    # One kept connection per node. A new one for each request would dominate the measurement.

    socket = None

    def start(self, seeds):
        self.spawn([os.environ["UNUM_BIN"]],
                   {"ADVERTISE_ADDR": address(self.index), "CLUSTER_ADDR": seeds, "NODE_NAME": self.name},
                   subprocess.DEVNULL)

    def kill(self):
        self.hang_up()
        super().kill()

    def ask(self, path):
        """Sends a request without waiting for the answer."""
        if not self.socket:
            self.socket = socket.create_connection((address(self.index), HTTP_PORT), timeout=5)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())

    def answer(self):
        """Reads one answer: status and body."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.receive()
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
        while len(body) < length:
            body += self.receive()
        return int(head.split()[1]), body.decode()

    def receive(self):
        data = self.socket.recv(65536)
        if not data:
            raise OSError("closed")
        return data

    def get(self, path):
        # The kept connection may have been closed meanwhile, because it was idle or the process ended: then open a new one.
        for _ in range(2):
            was_kept = self.socket is not None
            try:
                self.ask(path)
                return self.answer()
            except OSError:
                self.hang_up()
                if not was_kept:
                    break
        return 0, ""

    def hang_up(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def statuses(self):
        """Names and statuses, as this node lists them."""
        status, body = self.get("/members?format=json")
        return {m["name"]: m["status"] for m in json.loads(body)["members"]} if status == 200 else {}

    def declares_dead(self, name):
        return self.statuses().get(name) == "dead"

    def udp_bytes(self):
        _, body = self.get("/metrics")
        size = re.search(r'(?m)^unum_datagram_bytes_total\{direction="sent"\} (\d+)$', body)
        counts = re.findall(r'(?m)^unum_datagrams_total\{[^}]*direction="sent"[^}]*\} (\d+)$', body)
        if not size or not counts:
            raise Failed(f"{self.name} does not tell how many datagrams it sent")
        return int(size.group(1)) + DATAGRAM_HEADERS * sum(map(int, counts))

    def counter(self, name):
        """A counter of /metrics."""
        _, body = self.get("/metrics")
        found = re.search(rf"(?m)^{name} (\d+)$", body)
        if not found:
            raise Failed(f"{self.name} has no {name}")
        return int(found.group(1))


class Cluster:
    """Nodes 0 to size - 1. All join the first two, so that either may be killed."""

    def __init__(self, size, first_host=0, kind=Node):
        self.nodes = [kind(first_host + index) for index in range(size)]
        self.seeds = ",".join(address(node.index) for node in self.nodes[:2])
        for node in self.nodes:
            node.plug_in()

    def start(self):
        for node in self.nodes:
            node.start(self.seeds)
        self.wait_whole()

    def wait_whole(self, limit=60):
        """Until every node lists all nodes as alive and nobody else."""
        expected = {node.name: "alive" for node in self.nodes}
        for node in self.nodes:
            until(lambda: node.statuses() == expected, limit, f"{node.name} lists all {len(expected)} as alive")

    def stop(self):
        for node in self.nodes:
            node.kill()

    def lose(self, percent):
        for node in self.nodes:
            node.lose(percent)

    def traffic(self):
        """Ethernet bytes and packets that the nodes have sent so far, in all."""
        received = {}
        with open("/proc/net/dev") as devices:
            for line in devices.readlines()[2:]:
                name, _, counts = line.partition(":")
                received[name.strip()] = [int(count) for count in counts.split()[:2]]
        sent = [received[f"c{node.index}"] for node in self.nodes]
        return sum(count[0] for count in sent), sum(count[1] for count in sent)


def until(condition, limit, what):
    """Waits for a condition; returns the seconds that it took."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > limit:
            raise Failed(f"not within {limit} s: {what}")
        time.sleep(0.01)
    return time.monotonic() - start
