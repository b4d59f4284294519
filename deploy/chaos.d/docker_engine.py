"""Nodes as containers of a Docker engine, started from the image as any user would."""

import ipaddress
import json
import socket
import uuid

from engine import HTTP_PORT, Engine, EngineError, command

# Docker's default. A node takes five seconds at most to leave.
STOP_SECONDS = 10
# Networks of other runs may be in the way, so this many are tried.
SUBNETS = 32


class DockerEngine(Engine):
    def __init__(self, count, image):
        super().__init__(count)
        self.image = image
        self.label = f"unum-chaos-{uuid.uuid4().hex[:8]}"
        self.ports = []

    def name(self, node):
        return f"{self.label}-n{node + 1}"

    def up(self):
        command("docker", "image", "inspect", self.image)
        # Nothing is routed into an internal network, so a container outside of it is cut off.
        self._make_network()
        command("docker", "network", "create", "--label", self.label, f"{self.label}-client")
        self.ports = _free_ports(self.count)
        for node in range(self.count):
            variables = [word for pair in self.environment(node).items() for word in ("--env", "=".join(pair))]
            command(
                "docker", "create", "--name", self.name(node), "--label", self.label, "--hostname", f"n{node + 1}",
                "--network", f"{self.label}-client", "--publish", f"127.0.0.1:{self.ports[node]}:{HTTP_PORT}",
                "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", *variables, self.image)
            self.connect(node)
        command("docker", "start", *(self.name(node) for node in range(self.count)))

    def _make_network(self):
        for third in range(SUBNETS):
            self.gossip = ipaddress.ip_network(f"10.77.{third}.0/24")
            try:
                command(
                    "docker", "network", "create", "--label", self.label, "--internal", "--subnet", str(self.gossip),
                    f"{self.label}-gossip")
                return
            except EngineError as error:
                if "overlap" not in str(error):
                    raise
        raise EngineError("no free subnet from 10.77.0.0/24 on: are there networks of runs that were killed?")

    def down(self):
        for node in list(self.delays):
            self.end_delay(node)
        for kind, removal in (("container", ["rm", "--force", "--volumes"]), ("network", ["rm"])):
            everything = ["--all"] if kind == "container" else []
            found = command("docker", kind, "ls", *everything, "--quiet", "--filter", f"label={self.label}").split()
            if found:
                command("docker", kind, *removal, *found)

    def start(self, node):
        command("docker", "start", self.name(node))

    def kill(self, node):
        command("docker", "kill", self.name(node))
        self.end_delay(node)

    def stop(self, node):
        command("docker", "stop", "-t", str(STOP_SECONDS), self.name(node))
        self.end_delay(node)

    def pause(self, node):
        command("docker", "pause", self.name(node))

    def resume(self, node):
        command("docker", "unpause", self.name(node))

    def disconnect(self, node):
        command("docker", "network", "disconnect", f"{self.label}-gossip", self.name(node))

    def connect(self, node):
        command("docker", "network", "connect", "--ip", self.gossip_address(node), f"{self.label}-gossip",
                self.name(node))

    def client_address(self, node):
        return "127.0.0.1", self.ports[node]

    def _state(self, node):
        return json.loads(command("docker", "inspect", "--format", "{{json .State}}", self.name(node)))

    def ended(self, node):
        state = self._state(node)
        if state["Running"]:
            return None
        code = state["ExitCode"]
        return 128 - code if code > 128 else code

    def logs(self, node):
        # A container that never started has none.
        return command("sh", "-c", 'docker logs --timestamps "$1" 2>&1', "sh", self.name(node), check=False)

    def inside(self, node):
        return ["nsenter", "--target", str(self._state(node)["Pid"]), "--net"]


def _free_ports(count):
    """Ports on which nobody listens now. They stay the same when a container starts again."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [it.getsockname()[1] for it in sockets]
    for it in sockets:
        it.close()
    return ports
