import {
  Blueprint,
  DockerCloud,
  DockerHost,
  hostsFromInventory,
  hostsFromText,
} from "pulumi-clocker";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

// Three lab hosts on this machine, or machines you have: CLOCKER_HOSTS="root@a root@b:2222"
const machines = process.env.CLOCKER_HOSTS
  ? hostsFromText(process.env.CLOCKER_HOSTS)
  : hostsFromInventory(config.require("inventory"));

const cloud = new DockerCloud("cloud", {
  hosts: machines.map(({ name, args }) => new DockerHost(name, args)),
  strategies: ["breadthFirst"],
});

// Redis and the web containers, on a network of their own across all hosts.
const guestbook = new Blueprint("guestbook", {
  cloud,
  services: {
    redis: {
      image: "clocker/redis:dev",
      pull: "never",
      memory: "128 MiB",
      health: { command: ["redis-cli", "ping"], interval: "1 second" },
    },
    web: (use) => ({
      image: "clocker/guestbook:dev",
      pull: "never",
      count: config.getNumber("web") ?? 3,
      memory: "128 MiB",
      hardened: true,
      env: { REDIS_HOST: use("redis").name },
      health: {
        command: ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"],
        interval: "1 second",
      },
    }),
  },
  // Port 8080 of each host; 8081 for a second one on the same host, and so on.
  transform: (args, service, index) =>
    service === "web"
      ? { ...args, ports: [{ container: 8080, host: 8080 + Math.floor(index / machines.length) }] }
      : args,
});

export const urls = guestbook.endpoints.apply((all) =>
  all.map(({ address }) => `http://${address}`),
);
export const network = guestbook.nodes.network.cidr;
