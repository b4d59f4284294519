"""Serf's agent as a node of such a cluster, to measure a known peer on the same machine in the same run.

Serf logs what it sees, one line per event, and the time of the line is the time of the event. Asking it for its members
starts a process each time, so this script only does that where a second more or less does not matter.
"""

import json
import re
import subprocess
import threading
import time

from cluster import Failed, Host, address, until


class SerfNode(Host):
    """A host with Serf's agent, with its defaults for a local network."""

    def __init__(self, index):
        super().__init__(index)
        self.failures, self.events = {}, {}

    def start(self, seeds):
        self.failures, self.events = {}, {}
        joins = [f"-join={seed}" for seed in seeds.split(",") if seed != address(self.index)]
        here = address(self.index)
        self.spawn(["serf", "agent", f"-node={self.name}", f"-bind={here}", f"-rpc-addr={here}:7373", "-profile=lan",
                    "-retry-interval=1s"] + [join.replace("-join", "-retry-join") for join in joins], {},
                   subprocess.PIPE)
        threading.Thread(target=self.watch, args=(self.process.stdout,), daemon=True).start()

    def watch(self, lines):
        """Records when each member was last called failed, and when each event arrived."""
        for line in lines:
            failed = re.search(r"EventMemberFailed: (\S+)", line)
            if failed:
                self.failures[failed.group(1)] = time.monotonic()
            event = re.search(r"user-event: (\S+)", line)
            if event:
                self.events.setdefault(event.group(1), time.monotonic())

    def command(self, *words):
        return subprocess.run(["serf", words[0], f"-rpc-addr={address(self.index)}:7373", *words[1:]],
                              capture_output=True, text=True)

    def statuses(self):
        said = self.command("members", "-format=json")
        return {m["name"]: m["status"] for m in json.loads(said.stdout)["members"]} if said.returncode == 0 else {}

    def declares_dead(self, name):
        return name in self.failures


def converge(cluster, sets):
    """Milliseconds from just before an event is sent, without coalescing, until the last log has it."""
    times = []
    for number in range(sets):
        name = f"event{number}"
        start = time.monotonic()
        if cluster.nodes[number % len(cluster.nodes)].command("event", "-coalesce=false", name).returncode:
            raise Failed(f"serf event {name}")
        until(lambda: all(name in node.events for node in cluster.nodes), 30, f"{name} on all nodes")
        times.append((max(node.events[name] for node in cluster.nodes) - start) * 1000)
    return times
