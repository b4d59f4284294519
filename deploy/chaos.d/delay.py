"""Holds packets back, each for a random time, so that they also arrive in a different order.

The kernel hands the packets of one queue (iptables' `NFQUEUE`) to this process over a netlink socket, and delivers each
when told to. Rejected: `tc qdisc … netem`, which many kernels lack, above all those of containers and CI. When this
process ends, the queue's `bypass` lets packets through at once.

Runs within the node's network namespace: delay.py QUEUE MINIMUM_MS MAXIMUM_MS SEED
"""

import heapq
import random
import select
import socket
import struct
import sys
import time

# From linux/netlink.h, linux/netfilter/nfnetlink.h and nfnetlink_queue.h.
NETLINK_NETFILTER = 12
PACKET, VERDICT, CONFIG = (3 << 8) | 0, (3 << 8) | 1, (3 << 8) | 2
REQUEST = 1
PACKET_HEADER, VERDICT_HEADER = 1, 2
CONFIG_COMMAND, CONFIG_PARAMETERS, CONFIG_LENGTH = 1, 2, 3
BIND, COPY_META, ACCEPT = 1, 1, 1
# More packets than a node gets in a second. Beyond that the kernel drops packets, as a full router does.
LONGEST_QUEUE = 4096


def attribute(kind, payload):
    size = 4 + len(payload)
    return struct.pack("=HH", size, kind) + payload + b"\0" * (-size % 4)


def message(kind, queue, *attributes):
    body = struct.pack("!BBH", 0, 0, queue) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), kind, REQUEST, 0, 0) + body


def packets(data):
    """The IDs of the packets in a message from the kernel."""
    while len(data) >= 16:
        size, kind = struct.unpack_from("=IH", data)
        position = 20
        while kind == PACKET and position + 4 <= size:
            length, name = struct.unpack_from("=HH", data, position)
            if name & 0x3FFF == PACKET_HEADER:
                yield struct.unpack_from("!I", data, position + 4)[0]
            position += max(length + 3 & ~3, 4)
        data = data[max(size + 3 & ~3, 16):]


def main():
    queue, shortest, longest, seed = (int(word) for word in sys.argv[1:])
    rng = random.Random(seed)
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    kernel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    kernel.bind((0, 0))
    kernel.send(message(CONFIG, queue, attribute(CONFIG_COMMAND, struct.pack("!BBH", BIND, 0, 0))))
    kernel.send(message(CONFIG, queue, attribute(CONFIG_PARAMETERS, struct.pack("!IB", 0, COPY_META))))
    kernel.send(message(CONFIG, queue, attribute(CONFIG_LENGTH, struct.pack("!I", LONGEST_QUEUE))))
    held = []
    while True:
        wait = max(held[0][0] - time.monotonic(), 0) if held else None
        if select.select([kernel], [], [], wait)[0]:
            try:
                for identity in packets(kernel.recv(1 << 16)):
                    due = time.monotonic() + rng.uniform(shortest, longest) / 1000
                    heapq.heappush(held, (due, identity))
            except OSError:  # the queue overflowed, and those packets are lost
                pass
        while held and held[0][0] <= time.monotonic():
            verdict = struct.pack("!II", ACCEPT, heapq.heappop(held)[1])
            kernel.send(message(VERDICT, queue, attribute(VERDICT_HEADER, verdict)))


if __name__ == "__main__":
    main()
