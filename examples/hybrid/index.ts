import {
  DockerCloud,
  DockerHost,
  hostsFromInventory,
  hostsFromText,
  NetworkMember,
  PlacedContainer,
  VirtualNetwork,
} from "pulumi-clocker";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

// `hosts` is text such as "root@a root@b root@c"; an inventory is what `clocker lab up` writes.
const text = config.get("hosts");
const machines = text ? hostsFromText(text) : hostsFromInventory(config.require("inventory"));

// The last machine keeps the database that nobody wants to touch; the others run containers.
const [legacy, ...rest] = [...machines].reverse();
if (!legacy || rest.length === 0) throw new pulumi.RunError("hosts: two machines are needed");

const cloud = new DockerCloud("cloud", {
  hosts: rest.reverse().map(({ name, args }) => new DockerHost(name, args)),
});
const network = new VirtualNetwork("app", {
  cloud,
  driver: config.get<"vxlan" | "routed" | "wireguard">("driver") ?? "vxlan",
});

// It needs sshd and nothing more. The plan gives it an address on the network, as it does for containers.
const { labels: _, capacity: __, ...host } = legacy.args;
const database = new NetworkMember("database", { network, host, aliases: ["db"] });

const web = [0, 1].map(
  (index) =>
    new PlacedContainer(`web-${index}`, {
      cloud,
      image: config.get("image") ?? "nginx:1.27",
      ...(config.get("command") ? { command: config.requireObject<string[]>("command") } : {}),
      pull: config.getBoolean("pull") === false ? "never" : "missing",
      memory: "64 MiB",
      networks: [{ network, aliases: ["web"] }],
      env: { DATABASE_HOST: database.memberName },
    }),
);

export const address = database.address;
export const containers = web.map(({ containerName, host: on }) => ({
  name: containerName,
  host: on,
}));
