import {
  Blueprint,
  DockerCloud,
  DockerHost,
  hostsFromInventory,
  hostsFromText,
} from "pulumi-clocker";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

// `hosts` is text such as "root@a root@b:2222"; an inventory is what `clocker lab up` writes.
const text = config.get("hosts");
const machines = text ? hostsFromText(text) : hostsFromInventory(config.require("inventory"));

const cloud = new DockerCloud("cloud", {
  hosts: machines.map(({ name, args }) => new DockerHost(name, args)),
});

// Between its nodes the cluster uses epmd, distribution and a thousand more ports, all of the system's choice: on
// their own network nobody has to know them. From outside there are the two that are published, and nothing else.
const ring = new Blueprint("ring", {
  cloud,
  services: {
    node: {
      image: "clocker/erlang-ring:dev",
      pull: "never",
      count: config.getNumber("nodes") ?? machines.length,
      memory: "256 MiB",
      hardened: true,
      ports: ["8087:8087", "8098:8098"], // the same on each host, so a host takes one node
      secrets: {
        cookie: {
          value: config.requireSecret("cookie"),
          path: "/home/ring/.erlang.cookie",
          uid: 1000,
        },
      },
      health: {
        command: ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8098/status"],
        interval: "1 second",
      },
    },
  },
  // A node's long name is ring@<its hostname>, and the name servers say the same of its address.
  transform: (args, service, index) => ({ ...args, hostname: `${service}-${index}.ring.clocker` }),
});

export const endpoints = ring.endpoints.apply((all) => all.map(({ address }) => address));
