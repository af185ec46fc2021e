import { readFileSync } from "node:fs";
import type { Config } from "@pulumi/pulumi";
import {
  Blueprint,
  type DockerCloud,
  NetworkMember,
  VirtualNetwork,
  WeaveNetwork,
} from "../../../sdk/index.js";

/** The code of docs/networking.md, so that the compiler checks it: docs.test.ts compares the two. */
export const examples = (
  cloud: DockerCloud,
  config: Config,
): Record<string, () => VirtualNetwork | Blueprint> => ({
  vxlan: () => new VirtualNetwork("app", { cloud }),

  routed: () => new VirtualNetwork("app", { cloud, driver: "routed" }),

  wireguard: () =>
    new VirtualNetwork("app", {
      cloud,
      driver: "wireguard",
      driverOptions: { keyVersion: config.getNumber("keyVersion") ?? 1 },
    }),

  macvlan: () =>
    new VirtualNetwork("office", {
      cloud,
      driver: "macvlan",
      driverOptions: { parent: "eth0" },
      cidr: "192.168.7.0/24",
      gateway: "192.168.7.1",
      range: "192.168.7.128/25",
      blockPrefix: 28,
    }),

  swarm: () => new VirtualNetwork("app", { cloud, driver: "swarm" }),

  ovs: () =>
    new VirtualNetwork("app", { cloud, driver: "ovs", driverOptions: { datapath: "userspace" } }),

  plugin: () =>
    new VirtualNetwork("app", {
      cloud,
      driver: "plugin",
      driverOptions: { driver: "kuryr", hostLink: "kuryr0" },
      mtu: 1400,
    }),

  weave: () => new WeaveNetwork("app", { cloud, password: config.requireSecret("weave") }),

  cni: () =>
    new VirtualNetwork("app", {
      cloud,
      driver: "cni",
      driverOptions: { hostLink: "lanbr0", conflist: readFileSync("lan.conflist", "utf8") },
    }),

  zone: () =>
    new VirtualNetwork("app", {
      cloud,
      zone: {
        server: "10.0.0.53",
        zone: "app.example.org",
        reverseZone: "101.10.in-addr.arpa",
        key: { name: "clocker", secret: config.requireSecret("tsig") },
      },
    }),

  gateway: () => new VirtualNetwork("app", { cloud, cidr: "10.42.0.0/16", gateway: "10.42.0.254" }),

  ownZone: () =>
    new VirtualNetwork("shop", {
      cloud,
      zone: {
        hosts: ["host1", "host2"],
        zone: "shop.example.org",
        reverseZone: "102.10.in-addr.arpa",
      },
    }),

  ingress: () =>
    new Blueprint("shop", {
      cloud,
      services: {
        web: { image: "web:1", count: 3, ports: [{ container: 80, host: 8080, mode: "ingress" }] },
      },
    }),
});

export const ipv6 = (cloud: DockerCloud): void => {
  new VirtualNetwork("app", { cloud, ipv6: true });
  new VirtualNetwork("web", { cloud, cidr: "10.20.0.0/16", cidr6: "2001:db8:20::/64" });
};

export const names = (cloud: DockerCloud, config: Config): void => {
  new VirtualNetwork("app", { cloud, driver: "swarm", names: "docker" });
  new WeaveNetwork("web", { cloud, names: "weave", password: config.requireSecret("weave") });
};

export const member = (network: VirtualNetwork): NetworkMember =>
  new NetworkMember("db", { network, host: { address: "10.0.0.40" }, aliases: ["postgres"] });
