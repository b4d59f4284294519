"""A cluster of real processes, one network namespace each, on one bridge.

Runs inside a network and a mount namespace of its own (see `run`). The bridge is in that namespace and so is whoever
measures: requests travel as from another machine, and the bridge's ends of the cables count each node's traffic.
"""

import json
import os
import re
import signal
import socket
import subprocess
import time

HTTP_PORT = 8080


class Failed(Exception):
    """A measurement that has no figure."""


def address(index):
    return f"10.99.{index // 250}.{index % 250 + 1}"


def prepare():
    """Private places for `ip netns` and for the names of this namespace's devices."""
    os.makedirs("/run/netns", exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/netns"], check=True)
    batch = ["link set lo up", "link add bridge type bridge forward_delay 0", "link set bridge up",
             "addr add 10.99.255.254/16 dev bridge"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(batch), text=True, check=True)


class Node:
    """One host with its process, and a connection to ask it."""

    def __init__(self, index):
        self.index = index
        self.host = f"h{index}"
        self.name = f"n{index}"
        self.process = None
        self.socket = None

    def plug_in(self):
        outer = [f"netns add {self.host}", f"link add c{self.index} type veth peer name eth0 netns {self.host}",
                 f"link set c{self.index} master bridge up"]
        inner = ["link set lo up", f"addr add {address(self.index)}/16 dev eth0", "link set eth0 up"]
        subprocess.run(["ip", "-batch", "-"], input="\n".join(outer), text=True, check=True)
        subprocess.run(["ip", "-n", self.host, "-batch", "-"], input="\n".join(inner), text=True, check=True)

    def start(self, seeds):
        environment = {"PATH": os.environ["PATH"], "ADVERTISE_ADDR": address(self.index),
                       "CLUSTER_ADDR": seeds, "NODE_NAME": self.name}
        command = ["ip", "netns", "exec", self.host, os.environ["UNUM_BIN"]]
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        self.hang_up()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024

    # One kept connection per node: a new one for each question would be most of what is measured.

    def ask(self, path):
        """Sends a request and does not wait."""
        if not self.socket:
            self.socket = socket.create_connection((address(self.index), HTTP_PORT), timeout=2)
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
        try:
            self.ask(path)
            return self.answer()
        except OSError:
            self.hang_up()
            return 0, ""

    def hang_up(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def statuses(self):
        """Names with statuses, as this node lists them."""
        status, body = self.get("/members?format=json")
        return {m["name"]: m["status"] for m in json.loads(body)["members"]} if status == 200 else {}


class Cluster:
    """Nodes 0 to size - 1. All join the first two, so that either may be killed."""

    def __init__(self, size, first_host=0):
        self.nodes = [Node(first_host + index) for index in range(size)]
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

    def traffic(self):
        """Bytes of IP and packets that each node has sent so far, summed over the nodes."""
        received = {}
        with open("/proc/net/dev") as devices:
            for line in devices.readlines()[2:]:
                name, _, counts = line.partition(":")
                received[name.strip()] = [int(count) for count in counts.split()[:2]]
        sent = [received[f"c{node.index}"] for node in self.nodes]
        packets = sum(count[1] for count in sent)
        # The cable counts Ethernet's 14 bytes with each packet.
        return sum(count[0] for count in sent) - 14 * packets, packets


def until(condition, limit, what):
    """Waits for a condition; returns the seconds that it took."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > limit:
            raise Failed(f"not within {limit} s: {what}")
        time.sleep(0.01)
    return time.monotonic() - start
