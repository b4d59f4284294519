"""What the run needs of whatever runs the nodes, and what both kinds of it share.

Each node has two networks. Over the gossip network the nodes talk to each other; the faults are there. Over the
client network this script asks them, so that a node which is cut off from the others can still be asked and written
to: it must go on answering.
"""

import ipaddress
import os
import shutil
import subprocess
import sys

UDP_PORT, HTTP_PORT = 7946, 8080
# Three seeds: with one, a node that starts while it is down would have to wait for it.
SEEDS = 3
QUEUE = 7
# Every command is local; a minute is long for the busiest machine.
COMMAND_TIMEOUT = 60


class EngineError(Exception):
    """The engine did not do what it was told. That is no fault of the nodes."""


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
    """Runs nodes and lets them suffer. Nodes are numbered from 0 and named from n1."""

    def __init__(self, count):
        self.count = count
        self.gossip = ipaddress.ip_network("10.77.0.0/24")
        self.delays = {}

    # What an engine does in its own way.

    def up(self):
        """Makes the networks and hosts, and starts all nodes."""
        raise NotImplementedError

    def down(self):
        """Removes everything that `up` made. May be called at any time, more than once."""
        raise NotImplementedError

    def start(self, node):
        """Starts a node whose process ended."""
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
        """Lets it run on."""
        raise NotImplementedError

    def disconnect(self, node):
        """Takes the gossip network away."""
        raise NotImplementedError

    def connect(self, node):
        """Gives it back."""
        raise NotImplementedError

    def client_address(self, node):
        """Where this script reaches the node's HTTP port."""
        raise NotImplementedError

    def ended(self, node):
        """The exit status of a process that ended, negative for a signal; None while it runs."""
        raise NotImplementedError

    def logs(self, node):
        """All that the node's processes wrote."""
        raise NotImplementedError

    def inside(self, node):
        """The words that run a command in the node's network namespace."""
        raise NotImplementedError

    # What they share.

    def gossip_address(self, node):
        return str(self.gossip[node + 2])

    def environment(self, node):
        """How a node is started: with an address, as one that returns must be found where it was."""
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
        """Why loss and delay are not to be had here; None when they are."""
        missing = [tool for tool in ("iptables-restore", "nsenter") if not shutil.which(tool)]
        if missing:
            return f"{' and '.join(missing)} not found"
        return None if os.geteuid() == 0 else "it takes root"

    def shape(self, node, loss, delay, seed):
        """Loses this share of the packets each way, and holds incoming ones back for up to so many milliseconds."""
        lose = f"-m statistic --mode random --probability {loss / 100} -j DROP"
        rules = [f"-A INPUT -s {self.gossip} {lose}", f"-A OUTPUT -d {self.gossip} {lose}"]
        if delay:
            # Where nobody takes from the queue, packets pass.
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
        """Makes these the only rules of the node's own firewall."""
        table = "\n".join(["*filter", ":INPUT ACCEPT", ":OUTPUT ACCEPT", *rules, "COMMIT", ""])
        command(*self.inside(node), "iptables-restore", stdin=table)

    def end_delay(self, node):
        """Ends the process that holds packets back, if there is one."""
        if helper := self.delays.pop(node, None):
            helper.kill()
            helper.wait()
