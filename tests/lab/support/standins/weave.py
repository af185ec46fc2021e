#!/usr/bin/env python3
"""Weave Net at its process boundary, for hosts that have none: the commands of the script `weave` that we use, the
router's HTTP interface, weaveDNS, and the Docker plugin `weavemesh` with its IPAM, as Weave Net 2.8 documents and does them.

Routers find each other over TCP 6783, refuse those with another password, and tell each other who holds a part of the
range. Frames travel as VXLAN on UDP 6784, as on Weave's fast datapath; they are not encrypted. The rules of iptables are
Weave's. Docker keeps the real router running; here a boot script does.

Where WEAVER is the real router's program, that is launched instead of ours, with the script's arguments.
"""

import hashlib
import hmac
import http.client
import http.server
import ipaddress
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

import docker_plugin
import weave_dns

WEAVER = ""
HOME = "/var/lib/weave-standin"
LAUNCHED, RING, PID = f"{HOME}/launched.json", f"{HOME}/ring.json", "/run/weave-standin.pid"
BOOT = "/etc/rc2.d/S00weave"
SOCKET = "/run/docker/plugins/weavemesh.sock"
BRIDGE, TUNNEL = "weave", "vxlan-6784"
PORT, HTTP = 6783, ("127.0.0.1", 6784)


def run(*words, may_fail=False):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0 and not may_fail:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done


def keep(path, value):
    with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(value, file)
    os.replace(path + ".new", path)


def kept(path, otherwise):
    if not os.path.exists(path):
        return otherwise
    with open(path) as file:
        return json.load(file)


# ---- the script ----


def router_pid():
    try:
        with open(PID) as file:
            pid = int(file.read())
        with open(f"/proc/{pid}/cmdline") as file:
            return pid if "\0router\0" in (line := file.read()) or line.startswith(f"{WEAVER}\0--name") else None
    except (OSError, ValueError):
        return None


def ask(method, path, **form):
    body = urllib.parse.urlencode(form, doseq=True).encode()
    connection = http.client.HTTPConnection(*HTTP, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        text = answer.read().decode()
    except OSError:
        sys.exit("weave container is not present. Have you launched it?")
    if answer.status >= 300:
        sys.exit(text)
    return text


def launch(words):
    if router_pid():
        sys.exit("weave is already running; you can stop it with 'weave stop'.")
    if os.path.exists(f"/sys/class/net/{BRIDGE}") and not os.environ.get("WEAVE_NO_FASTDP"):
        sys.exit(
            'Existing bridge type "bridge" is different than requested "bridged_fastdp". '
            "Please do 'weave reset' and try again"
        )
    options = {"--ipalloc-range": "10.32.0.0/12", "--name": None, "--ipalloc-default-subnet": None}
    peers = []
    words = list(words)
    while words:
        word = words.pop(0)
        if word in options:
            options[word] = words.pop(0)
        elif not word.startswith("-"):
            peers.append(word)
        elif word != "--no-discovery":
            sys.exit(f"weave: unknown option {word}")
    os.makedirs(HOME, exist_ok=True)
    settings = {
        "name": options["--name"],
        "range": options["--ipalloc-range"],
        "subnet": options["--ipalloc-default-subnet"] or options["--ipalloc-range"],
        "mtu": os.environ.get("WEAVE_MTU", "1376"),
        "password": os.environ.get("WEAVE_PASSWORD", ""),
        "targets": peers,
        "dns": docker0(),
    }
    keep(LAUNCHED, settings)
    keep_running(settings)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(HTTP) == 0:
                break
        time.sleep(0.1)
    else:
        with open("/var/log/weave") as file:
            sys.exit(f"The weave container has died: {file.read().strip()[-300:]}")
    print(settings["name"])


def keep_running(settings):
    command, before, password = f"python3 {os.path.abspath(__file__)} router x", ":", ""
    if WEAVER:
        # it asks Docker for its containers when it starts
        before, password = "until docker version; do sleep 0.2; done", settings["password"]
        command = " ".join(real_router(settings))
    with open(os.open(BOOT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o700), "w") as file:
        file.write(
            f"#!/bin/sh\nexport WEAVE_PASSWORD='{password}' CHECKPOINT_DISABLE=1\n"
            f"( {before}; echo \"$(exec sh -c 'echo $PPID')\" >{PID}; exec {command} ) >>/var/log/weave 2>&1 </dev/null &\n"
        )
    run("setsid", BOOT)


def docker0():
    """The address of Docker's bridge, where weaveDNS listens."""
    return json.loads(run("ip", "-j", "-4", "addr", "show", "dev", "docker0").stdout)[0]["addr_info"][0]["local"]


def real_router(settings):
    words = {
        "name": settings["name"],
        "nickname": socket.gethostname(),
        "port": PORT,
        "docker-bridge": "docker0",
        "weave-bridge": BRIDGE,
        "datapath": "datapath",
        "mtu": settings["mtu"],
        "host-root": "/",
        "db-prefix": f"{HOME}/db",
        "ipalloc-range": settings["range"],
        "ipalloc-default-subnet": settings["subnet"],
        "dns-listen-address": f"{settings['dns']}:53",
        "http-addr": f"{HTTP[0]}:{HTTP[1]}",
        "resolv-conf": weave_dns.RESOLVERS,
    }
    options = [f"--{name} {value}" for name, value in words.items()]
    if os.environ.get("WEAVE_NO_FASTDP"):
        options.append("--no-fastdp")
    return [WEAVER, *options, "--no-discovery", "--plugin", *settings["targets"]]


def stop():
    run("docker", "network", "rm", "weave", may_fail=True)
    if os.path.exists(BOOT):
        os.remove(BOOT)
    pid = router_pid()
    if not pid:
        print("Weave is not running (ignore on Kubernetes).", file=sys.stderr)
        return
    os.kill(pid, signal.SIGTERM)
    while router_pid() == pid:
        time.sleep(0.05)


def reset(words):
    if router_pid():
        ask("DELETE", "/peer")
        time.sleep(0.5)
    elif os.path.exists(LAUNCHED) and "--force" not in words:
        sys.exit(
            "ERROR: weave is not running; unable to remove from cluster.\n"
            "Re-launch weave before reset or use --force to override."
        )
    stop()
    for path in (LAUNCHED, RING, SOCKET):
        if os.path.exists(path):
            os.remove(path)
    for link in (TUNNEL, "vethwe-bridge", BRIDGE):
        run("ip", "link", "del", link, may_fail=True)
    for table, chain, rule in RULES:
        while run("iptables", "-w", "-t", table, "-D", chain, *rule, may_fail=True).returncode == 0:
            pass
    for table, chain in CHAINS:
        run("iptables", "-w", "-t", table, "-F", chain, may_fail=True)
        run("iptables", "-w", "-t", table, "-X", chain, may_fail=True)


# ---- the router's rules: Weave's own, which come before everybody's ----

CHAINS = (("filter", "WEAVE-EXPOSE"), ("nat", "WEAVE"))
RULES = (
    ("filter", "FORWARD", ("-i", BRIDGE, "-o", BRIDGE, "-j", "ACCEPT")),
    ("filter", "FORWARD", ("-o", BRIDGE, "-j", "WEAVE-EXPOSE")),
    ("filter", "FORWARD", ("-i", BRIDGE, "!", "-o", BRIDGE, "-j", "ACCEPT")),
    ("filter", "FORWARD", ("-o", BRIDGE, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT")),
    ("nat", "POSTROUTING", ("-j", "WEAVE")),
)


def configure_iptables():
    for table, chain in CHAINS:
        run("iptables", "-w", "-t", table, "-N", chain, may_fail=True)
        run("iptables", "-w", "-t", table, "-F", chain)
    for table, chain, rule in reversed(RULES):
        run("iptables", "-w", "-t", table, "-D", chain, *rule, may_fail=True)
        run("iptables", "-w", "-t", table, "-I", chain, *rule)
    # addresses that the bridge has count as exposed
    shown = json.loads(run("ip", "-j", "-4", "addr", "show", "dev", BRIDGE).stdout)
    for address in [each for link in shown for each in link.get("addr_info", [])]:
        net = str(ipaddress.ip_network(f"{address['local']}/{address['prefixlen']}", strict=False))
        run("iptables", "-w", "-A", "WEAVE-EXPOSE", "-d", net, "-j", "ACCEPT")
        run("iptables", "-w", "-t", "nat", "-A", "WEAVE", "-d", net, "!", "-s", net, "-j", "MASQUERADE")
        run("iptables", "-w", "-t", "nat", "-A", "WEAVE", "-s", net, "!", "-d", net, "-j", "MASQUERADE")


def make_links(settings):
    run("ip", "link", "add", BRIDGE, "type", "bridge", may_fail=True)
    run("ip", "link", "set", BRIDGE, "address", settings["name"], "mtu", settings["mtu"], "up")
    run("ip", "link", "add", TUNNEL, "type", "vxlan", "id", "6784", "dstport", "6784", may_fail=True)
    run("ip", "link", "set", TUNNEL, "mtu", settings["mtu"], "master", BRIDGE, "up")


# ---- routers among themselves ----


class Router:
    def __init__(self, settings):
        self.lock = threading.RLock()
        self.settings = settings
        self.name, self.nick = settings["name"], socket.gethostname()
        self.targets = set(settings["targets"])
        self.connections = {}  # by name: (address, port, outbound, socket, nick)
        self.failures = {}  # by target: why
        self.dns = weave_dns.Names(self.name)
        self.ring = kept(RING, {})  # by name: [version, holds a part, nick]
        version, holds, _ = self.ring.get(self.name, [0, False, ""])
        self.ring[self.name] = [version if holds else version + 1, True, self.nick]
        run("bridge", "fdb", "flush", "dev", TUNNEL, may_fail=True)

    def proof(self, first, second):
        return hmac.new(self.settings["password"].encode(), (first + second).encode(), hashlib.sha256).hexdigest()

    def meet(self, connection, outbound):
        address, port = connection.getpeername()
        connection.settimeout(5)
        lines = connection.makefile("r")
        nonce = secrets.token_hex(8)
        say(connection, {"name": self.name, "nick": self.nick, "nonce": nonce, "encrypted": bool(self.settings["password"])})
        hello = json.loads(lines.readline())
        if hello["encrypted"] != bool(self.settings["password"]):
            raise PermissionError("mismatched password usage")
        say(connection, {"proof": self.proof(nonce, hello["nonce"])})
        if json.loads(lines.readline())["proof"] != self.proof(hello["nonce"], nonce):
            raise PermissionError("wrong password")
        name = hello["name"]
        with self.lock:
            initiator = self.name if outbound else name
            if name in self.connections and initiator != min(name, self.name):
                raise ConnectionError("multiple connections")
            self.drop(name)
            self.connections[name] = (address, port, outbound, connection, hello["nick"])
            self.failures.pop(address, None)
            run("bridge", "fdb", "append", "00:00:00:00:00:00", "dev", TUNNEL, "dst", address, may_fail=True)
            say(connection, {"ring": self.ring, "dns": self.dns.entries})
        try:
            for line in lines:
                told = json.loads(line)
                self.merge(told.get("ring", {}))
                with self.lock:
                    self.dns.merge([each for each in told.get("dns", []) if each["origin"] in self.connections])
        finally:
            with self.lock:
                if self.connections.get(name, (0, 0, 0, None))[3] is connection:
                    self.drop(name)

    def drop(self, name):
        known = self.connections.pop(name, None)
        if known:
            run("bridge", "fdb", "del", "00:00:00:00:00:00", "dev", TUNNEL, "dst", known[0], may_fail=True)
            known[3].close()
            self.dns.peer_gone(name)

    def merge(self, ring):
        with self.lock:
            newer = {name: entry for name, entry in ring.items() if entry[0] > self.ring.get(name, [0])[0]}
            if newer:
                self.ring.update(newer)
                keep(RING, self.ring)
                self.gossip()

    def gossip(self):
        for name, (*_, connection, _nick) in list(self.connections.items()):
            try:
                say(connection, {"ring": self.ring, "dns": self.dns.entries})
            except OSError:
                self.drop(name)

    def takeover(self, peer):
        with self.lock:
            names = [name for name, entry in self.ring.items() if peer in (name, entry[2]) and entry[1]]
            for name in names:
                self.ring[name] = [self.ring[name][0] + 1, False, self.ring[name][2]]
            keep(RING, self.ring)
            self.gossip()
            return f"{len(names)} ranges taken over from {peer}\n"

    def accept(self):
        def handle(connection):
            try:
                self.meet(connection, False)
            except (OSError, ValueError):
                connection.close()

        with socket.create_server(("", PORT)) as server:
            while True:
                connection, _ = server.accept()
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

    def connect(self):
        def handle(target):
            try:
                self.meet(socket.create_connection((target, PORT), timeout=2), True)
            except (OSError, ValueError) as error:
                self.failures[target] = str(error)

        trying = {}
        while True:
            with self.lock:
                linked = {known[0] for known in self.connections.values()}
                for target in self.targets - linked:
                    if target not in trying or not trying[target].is_alive():
                        trying[target] = threading.Thread(target=handle, args=(target,), daemon=True)
                        trying[target].start()
                self.gossip()  # also finds out who is gone
            time.sleep(0.5)

    # ---- what `weave status` shows ----

    def status(self):
        encryption = "enabled" if self.settings["password"] else "disabled"
        return f"""        Version: 2.8.1 (version check update disabled)

        Service: router
       Protocol: weave 1..2
           Name: {self.name}({self.nick})
     Encryption: {encryption}
  PeerDiscovery: disabled
        Targets: {len(self.targets)}
    Connections: {len(self.connections)} ({len(self.connections)} established)
          Peers: {len(self.connections) + 1}
 TrustedSubnets: none

        Service: ipam
         Status: ready
          Range: {self.settings["range"]}
  DefaultSubnet: {self.settings["subnet"]}

        Service: dns
         Domain: {weave_dns.DOMAIN}
       Upstream: {", ".join(weave_dns.upstreams())}
            TTL: {weave_dns.TTL}
        Entries: {len(self.dns.living())}

        Service: plugin (legacy)
     DriverName: weave
"""

    def show_connections(self):
        lines = []
        for name, (address, port, outbound, _, nick) in self.connections.items():
            arrow = "->" if outbound else "<-"
            lines.append(f"{arrow} {f'{address}:{port}':21} established fastdp {name}({nick}) mtu={self.settings['mtu']}")
        linked = {known[0] for known in self.connections.values()}
        for target in sorted(self.targets - linked):
            lines.append(f"-> {f'{target}:{PORT}':21} failed      {self.failures.get(target, 'connecting')}")
        return "".join(f"{line}\n" for line in lines)

    def show_ipam(self):
        owners = [name for name, entry in self.ring.items() if entry[1]]
        size = ipaddress.ip_network(self.settings["range"]).num_addresses // max(len(owners), 1)
        lines = []
        for name in sorted(owners, key=lambda each: each != self.name):
            info = "(1 active)" if name == self.name else "" if name in self.connections else "- unreachable!"
            lines.append(f"{f'{name}({self.ring[name][2]})':37} {size:8} IPs ({100 / len(owners):04.1f}% of total) {info}\n")
        return "".join(lines)


def say(connection, message):
    connection.sendall((json.dumps(message) + "\n").encode())


# ---- the HTTP interface ----


def control(router):
    class Handler(http.server.BaseHTTPRequestHandler):
        def reply(self, text, code=200):
            self.send_response(code)
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self):
            shown = {
                "/status": router.status,
                "/status/connections": router.show_connections,
                "/status/ipam": router.show_ipam,
                "/status/dns": router.dns.show,
                "/domain": lambda: weave_dns.DOMAIN,
                "/dns-address": lambda: router.settings["dns"],
                "/dns-address-port": lambda: f"{router.settings['dns']}:{weave_dns.PORT}",
                "/status/targets": lambda: "".join(f"{target}\n" for target in sorted(router.targets)),
            }.get(self.path)
            with router.lock:
                self.reply(shown() if shown else "404 page not found", 200 if shown else 404)

        def do_POST(self):
            form = urllib.parse.parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
            peers = set(form.get("peer", []))
            with router.lock:
                router.targets = router.targets | peers if self.path == "/connect" else router.targets - peers
                keep(LAUNCHED, {**router.settings, "targets": sorted(router.targets)})
            self.reply("")

        def do_PUT(self):
            self.name(router.dns.add)

        def name(self, change):
            """/name/CONTAINER/ADDRESS?fqdn=NAME"""
            at = urllib.parse.urlsplit(self.path)
            _, what, container, address = at.path.split("/")
            fqdn = urllib.parse.parse_qs(at.query).get("fqdn", [""])[0]
            if what != "name":
                return self.reply("404 page not found", 404)
            with router.lock:
                change(fqdn, container, address)
                router.gossip()
            self.reply("", 204)

        def do_DELETE(self):
            if self.path.startswith("/name/"):
                return self.name(router.dns.delete)
            self.reply(router.takeover(self.path[len("/peer/"):] or router.name))

        def log_message(self, *words):
            pass

    http.server.ThreadingHTTPServer(HTTP, Handler).serve_forever()


# ---- the Docker plugin ----


def veths(ask):
    return "vethwl" + ask["EndpointID"][:9], "vethwg" + ask["EndpointID"][:9]


def create_endpoint(ask):
    ours, theirs = veths(ask)
    with open(f"/sys/class/net/{BRIDGE}/mtu") as file:
        mtu = file.read().strip()
    run("ip", "link", "add", ours, "mtu", mtu, "type", "veth", "peer", "name", theirs, "mtu", mtu)
    run("ip", "link", "set", ours, "master", BRIDGE, "up")
    with open(f"/sys/class/net/{theirs}/address") as file:
        return {"Interface": {"MacAddress": file.read().strip()}}


def delete_endpoint(ask):
    run("ip", "link", "del", veths(ask)[0], may_fail=True)


def request_pool(ask):
    pool, part = ask["Pool"], ask["SubPool"] or ask["Pool"]
    return {"PoolID": f"weave-{pool}-{part}", "Pool": pool, "Data": {"com.docker.network.gateway": pool}}


def request_address(ask):
    pool = ask["PoolID"].split("-")[1]
    if not ask["Address"]:
        raise ValueError("every address is planned, and none was given")
    return {"Address": f"{ask['Address']}/{pool.split('/')[1]}"}


CALLS = {
    "/Plugin.Activate": lambda ask: {"Implements": ["NetworkDriver", "IpamDriver"]},
    "/NetworkDriver.GetCapabilities": lambda ask: {"Scope": "local"},
    "/NetworkDriver.CreateEndpoint": create_endpoint,
    "/NetworkDriver.DeleteEndpoint": delete_endpoint,
    "/NetworkDriver.EndpointOperInfo": lambda ask: {"Value": {}},
    "/NetworkDriver.Join": lambda ask: {"InterfaceName": {"SrcName": veths(ask)[1], "DstPrefix": "ethwe"}},
    "/IpamDriver.GetCapabilities": lambda ask: {"RequiresMACAddress": False, "RequiresRequestReplay": False},
    "/IpamDriver.GetDefaultAddressSpaces": lambda ask: {
        "LocalDefaultAddressSpace": "weavelocal",
        "GlobalDefaultAddressSpace": "weaveglobal",
    },
    "/IpamDriver.RequestPool": request_pool,
    "/IpamDriver.RequestAddress": request_address,
}


def default_network(subnet):
    """The network `weave` of Docker's, which the router makes as soon as Docker is there."""
    options = ["--driver", "weavemesh", "--ipam-driver", "weavemesh", "--subnet", subnet]
    gateway = str(ipaddress.ip_network(subnet)[-2])
    while run("docker", "network", "inspect", "weave", may_fail=True).returncode != 0:
        run("docker", "network", "create", *options, "--gateway", gateway, "weave", may_fail=True)
        time.sleep(1)


def router():
    settings = kept(LAUNCHED, None)
    make_links(settings)
    configure_iptables()
    ours = Router(settings)
    plugin = docker_plugin.server(SOCKET, CALLS)
    weave_dns.serve(ours.dns, settings["dns"])
    for work in (ours.accept, ours.connect, plugin.serve_forever, lambda: default_network(settings["subnet"])):
        threading.Thread(target=work, daemon=True).start()
    control(ours)


COMMANDS = {
    "launch": launch,
    "router": lambda words: router(),
    "stop": lambda words: stop(),
    "reset": reset,
    "connect": lambda words: ask("POST", "/connect", peer=words),
    "forget": lambda words: ask("POST", "/forget", peer=words),
    "status": lambda words: print(ask("GET", "/".join(["/status", *words])), end=""),
    "rmpeer": lambda words: [print(ask("DELETE", f"/peer/{peer}"), end="") for peer in words],
}

if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
    sys.exit("Usage:\n\nweave " + " | ".join(COMMANDS))
COMMANDS[sys.argv[1]](sys.argv[2:])
