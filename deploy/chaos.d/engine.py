"""What the run needs from an engine, which runs the nodes, and what both engines share.

Each node has two networks. Over the gossip network the nodes talk to each other, and that is where the faults are. Over
the client network this script reads and writes, so that it still reaches a node that is cut off from the others: such a
node must keep answering.
"""

import ipaddress
import os
import shutil
import subprocess
import sys

UDP_PORT, HTTP_PORT = 7946, 8080
# Three seeds. With only one, a node that starts while that one is down would have to wait for it.
SEEDS = 3
QUEUE = 7
# Every command is local. A minute is long even on the busiest machine.
COMMAND_TIMEOUT = 60


class EngineError(Exception):
    """The engine did not do what it was told. The nodes are not to blame."""


def command(*words, check=True, stdin=None, timeout=COMMAND_TIMEOUT):
    """Runs a command and returns what it printed."""
    try:
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"{' '.join(words)}: {error}") from error
    if check and done.returncode != 0:
        raise EngineError(f"{' '.join(words)}: status {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


class Engine:
    """Runs nodes and breaks them. Nodes are numbered from 0, and their names start at n1."""

    def __init__(self, count):
        self.count = count
        self.gossip = ipaddress.ip_network("10.77.0.0/24")
        self.delays = {}

    # What each engine does in its own way.

    def up(self):
        """Makes the networks and hosts, and starts all nodes."""
        raise NotImplementedError

    def down(self):
        """Removes everything that `up` made. It may be called at any time, and more than once."""
        raise NotImplementedError

    def start(self, node):
        """Starts a node whose process has ended."""
        raise NotImplementedError

    def kill(self, node):
        """Ends the process at once."""
        raise NotImplementedError

    def stop(self, node):
        """Asks the process to end and waits for it."""
        raise NotImplementedError

    def pause(self, node):
        """Freezes the process."""
        raise NotImplementedError

    def resume(self, node):
        """Lets the process run again."""
        raise NotImplementedError

    def disconnect(self, node):
        """Takes the gossip network away."""
        raise NotImplementedError

    def connect(self, node):
        """Gives it back."""
        raise NotImplementedError

    def client_address(self, node):
        """The address at which this script reaches the node's HTTP port."""
        raise NotImplementedError

    def ended(self, node):
        """The exit status of a process that has ended, negative for a signal; None while it runs."""
        raise NotImplementedError

    def logs(self, node):
        """Everything that the node's processes printed."""
        raise NotImplementedError

    def inside(self, node):
        """The prefix that runs a command in the node's network namespace."""
        raise NotImplementedError

    # What the engines share.

    def gossip_address(self, node):
        return str(self.gossip[node + 2])

    def environment(self, node):
        """The settings of a node. It gets a fixed address, because one that returns must be found where it was."""
        seeds = range(min(SEEDS, self.count))
        return {
            "NODE_NAME": f"n{node + 1}",
            "ADVERTISE_ADDR": self.gossip_address(node),
            "CLUSTER_ADDR": ",".join(self.gossip_address(seed) for seed in seeds),
            "CLUSTER_NAME": "chaos",
            "LOG_LEVEL": "debug",
        }

    def restart(self, node):
        self.stop(node)
        self.start(node)

    def cannot_shape(self):
        """Why loss and delay are not available here; None if they are."""
        missing = [tool for tool in ("iptables-restore", "nsenter") if not shutil.which(tool)]
        if missing:
            return f"{' and '.join(missing)} not found"
        return None if os.geteuid() == 0 else "it needs root"

    def shape(self, node, loss, delay, seed):
        """Drops this share of the packets each way, and holds incoming ones back for up to so many milliseconds."""
        lose = f"-m statistic --mode random --probability {loss / 100} -j DROP"
        rules = [f"-A INPUT -s {self.gossip} {lose}", f"-A OUTPUT -d {self.gossip} {lose}"]
        if delay:
            # If nobody reads the queue, packets pass.
            rules.append(f"-A INPUT -s {self.gossip} -j NFQUEUE --queue-num {QUEUE} --queue-bypass")
            helper = os.path.join(os.path.dirname(__file__), "delay.py")
            self.delays[node] = subprocess.Popen(
                [*self.inside(node), sys.executable, helper, str(QUEUE), "0", str(delay), str(seed)])
        self._filter(node, rules)

    def clear(self, node):
        """Ends loss and delay."""
        self._filter(node, [])
        self.end_delay(node)

    def _filter(self, node, rules):
        """Replaces the rules of the node's own firewall with these."""
        table = "\n".join(["*filter", ":INPUT ACCEPT", ":OUTPUT ACCEPT", *rules, "COMMIT", ""])
        command(*self.inside(node), "iptables-restore", stdin=table)

    def end_delay(self, node):
        """Ends the process that holds packets back, if there is one."""
        if helper := self.delays.pop(node, None):
            helper.kill()
            helper.wait()
