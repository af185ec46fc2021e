#!/usr/bin/env python3
"""A network plugin that speaks Docker's documented protocol (libnetwork's remote driver) on its unix socket.

A bridge and a VXLAN link for each network, as many plugins do it. What it makes it remembers, and makes again after a
boot. Arguments: the host's own address, then those of the other hosts. Options of a network: id, link.
"""

import json
import os
import subprocess
import sys
import threading

import docker_plugin

SOCKET = "/run/docker/plugins/standin.sock"
MEMORY = "/var/lib/standin.json"
MTU = "1450"
OWN, PEERS = sys.argv[1], sys.argv[2:]

networks = {}
endpoints = {}
remembering = threading.Lock()


def ip(*words, may_fail=False):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode != 0 and not may_fail:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def remember():
    # Docker starts several containers at once, and each call has its thread.
    with remembering:
        text = json.dumps({"networks": networks, "endpoints": endpoints})
        with open(MEMORY + ".new", "w") as file:
            file.write(text)
        os.replace(MEMORY + ".new", MEMORY)


def make(network):
    link, vxlan = network["link"], "x" + network["link"]
    ip("link", "add", link, "type", "bridge")
    ip("addr", "add", network["gateway"], "dev", link)
    ip("link", "add", vxlan, "type", "vxlan", "id", network["id"], "local", OWN, "dstport", "4800")
    ip("link", "set", vxlan, "mtu", MTU, "master", link, "up")
    ip("link", "set", link, "mtu", MTU, "up")
    for peer in PEERS:
        flood = ["fdb", "append", "00:00:00:00:00:00", "dev", vxlan, "dst", peer]
        subprocess.run(["bridge", *flood], check=True)


def create_network(ask):
    options = ask["Options"]["com.docker.network.generic"]
    network = {**options, "gateway": ask["IPv4Data"][0]["Gateway"]}
    make(network)
    networks[ask["NetworkID"]] = network


def delete_network(ask):
    network = networks.pop(ask["NetworkID"])
    ip("link", "del", "x" + network["link"])
    ip("link", "del", network["link"])


def create_endpoint(ask):
    interface = ask["Interface"]
    endpoints[ask["EndpointID"]] = ask["NetworkID"]
    if interface.get("MacAddress"):
        return {}
    address = interface["Address"].split("/")[0]
    mac = "02:42:" + ":".join(f"{int(part):02x}" for part in address.split("."))
    return {"Interface": {"MacAddress": mac}}


def delete_endpoint(ask):
    endpoints.pop(ask["EndpointID"], None)
    leave(ask)


def join(ask):
    network = networks[ask["NetworkID"]]
    ours, theirs = "sv" + ask["EndpointID"][:8], "sc" + ask["EndpointID"][:8]
    ip("link", "del", ours, may_fail=True)
    ip("link", "add", ours, "mtu", MTU, "type", "veth", "peer", "name", theirs, "mtu", MTU)
    ip("link", "set", ours, "master", network["link"], "up")
    return {
        "InterfaceName": {"SrcName": theirs, "DstPrefix": "eth"},
        "Gateway": network["gateway"].split("/")[0],
        "DisableGatewayService": True,
    }


def leave(ask):
    ip("link", "del", "sv" + ask["EndpointID"][:8], may_fail=True)


CALLS = {
    "/Plugin.Activate": lambda ask: {"Implements": ["NetworkDriver"]},
    "/NetworkDriver.GetCapabilities": lambda ask: {"Scope": "local"},
    "/NetworkDriver.CreateNetwork": create_network,
    "/NetworkDriver.DeleteNetwork": delete_network,
    "/NetworkDriver.CreateEndpoint": create_endpoint,
    "/NetworkDriver.DeleteEndpoint": delete_endpoint,
    "/NetworkDriver.EndpointOperInfo": lambda ask: {"Value": {}},
    "/NetworkDriver.Join": join,
    "/NetworkDriver.Leave": leave,
}


if os.path.exists(MEMORY):
    with open(MEMORY) as file:
        kept = json.load(file)
    networks.update(kept["networks"])
    for network in networks.values():
        make(network)
docker_plugin.server(SOCKET, CALLS, done=remember).serve_forever()
