"""weaveDNS of Weave Net 2.8, as its nameserver package does it: names in memory, told to all routers, and answered to whoever asks.

A plain name is one of the domain; a name of the domain that nobody has is denied; of other names, and of addresses without a
name, the host's own resolvers are asked.
"""

import ipaddress
import os
import random
import socket
import socketserver
import struct
import threading
import time

DOMAIN, TTL, PORT = "weave.local.", 1, 53
A, PTR = 1, 12
RESOLVERS = "/etc/resolv.conf"
DENIED, FAILED = 3, 2
KEY = ("hostname", "origin", "container", "address")


class Names:
    def __init__(self, origin):
        self.origin = origin
        self.lock = threading.RLock()
        self.entries = []

    def add(self, fqdn, container, address):
        hostname = fqdn.rstrip(".") + "."
        if not hostname.lower().endswith("." + DOMAIN):
            return  # "Ignoring registration (not a subdomain)"
        with self.lock:
            new = {"hostname": hostname, "origin": self.origin, "container": container, "address": address}
            entry = self.equal(new)
            if entry is None:
                self.entries.append({**new, "version": 0, "tombstone": 0})
                self.entries.sort(key=lambda each: [each[word].lower() for word in KEY])
            elif entry["tombstone"]:
                entry.update(tombstone=0, version=entry["version"] + 1)

    def delete(self, fqdn, container, address):
        hostname = fqdn.rstrip(".") + "." if fqdn else "*"
        with self.lock:
            for entry in self.entries:
                asked = zip((hostname, container, address), (entry["hostname"], entry["container"], entry["address"]))
                if all(word in ("*", has) for word, has in asked) and entry["origin"] == self.origin and not entry["tombstone"]:
                    entry.update(tombstone=int(time.time()), version=entry["version"] + 1)

    def equal(self, other):
        return next((each for each in self.entries if all(each[word] == other[word] for word in KEY)), None)

    def merge(self, told):
        """What others tell of themselves."""
        with self.lock:
            for entry in told:
                known = self.equal(entry)
                if known is None:
                    self.entries.append(dict(entry))
                elif (entry["version"], entry["tombstone"]) > (known["version"], known["tombstone"]):
                    known.update(version=entry["version"], tombstone=entry["tombstone"])
            self.entries.sort(key=lambda each: [each[word].lower() for word in KEY])

    def peer_gone(self, peer):
        with self.lock:
            self.entries = [entry for entry in self.entries if entry["origin"] != peer]

    def living(self):
        with self.lock:
            return [entry for entry in self.entries if not entry["tombstone"]]

    def show(self):
        """`weave status dns`"""
        lines = (
            f"{entry['hostname'].removesuffix('.' + DOMAIN):12} {entry['address']:15} {entry['container'][:12]:>12} {entry['origin']}\n"
            for entry in self.living()
        )
        return "".join(lines)

    def addresses(self, name):
        return [entry["address"] for entry in self.living() if entry["hostname"].lower() == name.lower()]

    def name_of(self, address):
        return next((entry["hostname"] for entry in self.living() if entry["address"] == address), None)


# ---- DNS on the wire ----


def question(query):
    """Name with its last dot, type, and where the question ends."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
        at += query[at] + 1
    (kind,) = struct.unpack_from(">H", query, at + 1)
    return ".".join(labels) + ".", kind, at + 5


def packed(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".")) + b"\0"


def response(query, code, answers=()):
    """Answers are pairs of type and data."""
    end = question(query)[2]
    flags = 0x8180 | (0x0400 if code == 0 else 0) | code
    head = query[:2] + struct.pack(">HHHHH", flags, 1, len(answers), 0, 0)
    records = (struct.pack(">HHHIH", 0xC00C, kind, 1, TTL, len(data)) + data for kind, data in answers)
    return head + query[12:end] + b"".join(records)


def answer(names, query):
    name, kind, _ = question(query)
    lower = name.lower()
    if name.count(".") == 1:
        return local(names, query, name + DOMAIN, kind)
    if lower.endswith("." + DOMAIN) or lower == DOMAIN:
        return local(names, query, name, kind)
    if lower.endswith(".in-addr.arpa."):
        if kind != PTR:
            return response(query, DENIED)
        backwards = lower.removesuffix(".in-addr.arpa.").split(".")
        found = names.name_of(".".join(reversed(backwards)))
        if found:
            return response(query, 0, [(PTR, packed(found))])
    return recursive(query)


def local(names, query, name, kind):
    addresses = names.addresses(name)
    if not addresses:
        return response(query, DENIED)
    if kind != A:
        return response(query, 0)
    random.shuffle(addresses)
    return response(query, 0, [(A, ipaddress.ip_address(address).packed) for address in addresses])


def upstreams():
    if not os.path.exists(RESOLVERS):
        return []
    with open(RESOLVERS) as file:
        return [line.split()[1] for line in file if line.startswith("nameserver")]


def recursive(query):
    for server in upstreams():
        with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as asked:
            asked.settimeout(5)
            try:
                asked.connect((server, 53))
                asked.send(query)
                return asked.recv(4096)
            except OSError:
                continue
    return response(query, FAILED)


def serve(names, address):
    class Datagram(socketserver.BaseRequestHandler):
        def handle(self):
            query, sock = self.request
            sock.sendto(answer(names, query), self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        def handle(self):
            (size,) = struct.unpack(">H", self.rfile.read(2))
            reply = answer(names, self.rfile.read(size))
            self.wfile.write(struct.pack(">H", len(reply)) + reply)

    def listen(kind, handler):
        kind.allow_reuse_address = kind is socketserver.ThreadingTCPServer
        kind.daemon_threads = True
        while True:
            try:
                return kind((address, PORT), handler).serve_forever()
            except OSError:
                time.sleep(0.2)  # Docker starts the real router, after its bridge has its address

    for words in ((socketserver.ThreadingUDPServer, Datagram), (socketserver.ThreadingTCPServer, Stream)):
        threading.Thread(target=listen, args=words, daemon=True).start()
