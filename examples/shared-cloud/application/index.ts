import { Blueprint, DockerCloud, type CloudExport } from "pulumi-clocker";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

// Any number of stacks may use the cloud; each asks the hosts what the others have placed there already.
const infrastructure = new pulumi.StackReference(
  config.get("infrastructure") ?? "organization/infrastructure/dev",
);
const cloud = new DockerCloud("shared", {
  hosts: infrastructure.requireOutput("cloud") as pulumi.Output<CloudExport>,
  strategies: ["leastContainers"],
});

const app = new Blueprint("app", {
  cloud,
  services: {
    web: {
      image: config.get("image") ?? "nginx:1.27",
      ...(config.get("command") ? { command: config.requireObject<string[]>("command") } : {}),
      pull: config.getBoolean("pull") === false ? "never" : "missing",
      count: config.getNumber("count") ?? 2,
      memory: "64 MiB",
    },
  },
});

export const network = app.nodes.network.cidr;
export const containers = app.nodes.services.web!.map(({ containerName, host, addresses }) => ({
  name: containerName,
  host,
  addresses,
}));
