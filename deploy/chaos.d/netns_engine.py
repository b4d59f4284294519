"""Nodes as plain processes in network namespaces, for machines without an engine.

The script restarts itself in its own namespace, where it is the first process. So when it ends, for whatever reason, the
kernel ends all nodes and removes all networks, and nothing outside is ever touched. With user namespaces this needs no
root.
"""

import os
import signal
import subprocess
import sys
import time

from engine import HTTP_PORT, Engine, EngineError, command

INSIDE = "UNUM_CHAOS_INSIDE"
STOP_SECONDS = 10


def enter(arguments):
    """Restarts this program in its own namespaces, unless it already runs there."""
    if os.environ.get(INSIDE):
        return
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    os.environ[INSIDE] = "1"
    words = ["unshare", *user, "--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", sys.executable]
    os.execvp(words[0], words + arguments)


class NetnsEngine(Engine):
    def __init__(self, count, binary, directory):
        super().__init__(count)
        self.binary = os.path.abspath(binary)
        self.directory = directory
        self.hosts = []
        self.processes = [None] * count

    def up(self):
        if not os.access(self.binary, os.X_OK):
            raise EngineError(f"{self.binary}: no such program; build it, or name it by --binary")
        # The bridges are in the namespace of this script, which has an address only in the client network.
        command("ip", "-batch", "-", stdin="""
            link set lo up
            link add gossip type bridge forward_delay 0
            link set gossip up
            link add client type bridge forward_delay 0
            link set client up
            addr add 10.78.0.1/24 dev client
        """)
        for node in range(self.count):
            self._make_host(node)
        for node in range(self.count):
            self.start(node)

    def _make_host(self, node):
        # The namespace lives as long as this process, whatever the node does.
        host = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.hosts.append(host)
        ours = os.stat("/proc/self/ns/net").st_ino
        deadline = time.monotonic() + 10
        while os.stat(f"/proc/{host.pid}/ns/net").st_ino == ours:
            if time.monotonic() > deadline:
                raise EngineError("a network namespace was not made within 10 s")
            time.sleep(0.005)
        for network in ("gossip", "client"):
            command("ip", "link", "add", f"{network}{node}", "type", "veth", "peer", "name", network, "netns",
                    str(host.pid))
            command("ip", "link", "set", f"{network}{node}", "master", network, "up")
        command(*self.inside(node), "ip", "-batch", "-", stdin=f"""
            link set lo up
            addr add {self.gossip_address(node)}/24 dev gossip
            link set gossip up
            addr add {self.client_address(node)[0]}/24 dev client
            link set client up
        """)

    def down(self):
        for node in list(self.delays):
            self.end_delay(node)
        for process in [*self.processes, *self.hosts]:
            if process and process.poll() is None:
                process.kill()
                process.wait()

    def log_path(self, node):
        return os.path.join(self.directory, f"n{node + 1}.log")

    def start(self, node):
        with open(self.log_path(node), "ab") as log:
            self.processes[node] = subprocess.Popen(
                [*self.inside(node), self.binary], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**self.environment(node), "PATH": os.environ.get("PATH", "")})

    def kill(self, node):
        self._end(node, signal.SIGKILL)

    def stop(self, node):
        self._end(node, signal.SIGTERM)

    def _end(self, node, how):
        process = self.processes[node]
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def pause(self, node):
        self.processes[node].send_signal(signal.SIGSTOP)

    def resume(self, node):
        self.processes[node].send_signal(signal.SIGCONT)

    def disconnect(self, node):
        # As in Docker, the address and the routes go away, so that sending fails instead of losing packets in silence.
        command(*self.inside(node), "ip", "link", "set", "gossip", "down")

    def connect(self, node):
        command(*self.inside(node), "ip", "link", "set", "gossip", "up")

    def client_address(self, node):
        return f"10.78.0.{node + 2}", HTTP_PORT

    def ended(self, node):
        return self.processes[node].poll()

    def logs(self, node):
        with open(self.log_path(node), encoding="utf-8", errors="replace") as log:
            return log.read()

    def inside(self, node):
        return ["nsenter", "--target", str(self.hosts[node].pid), "--net"]
