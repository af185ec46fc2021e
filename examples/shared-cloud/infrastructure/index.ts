import { DockerCloud, DockerHost, hostsFromInventory, hostsFromText } from "pulumi-clocker";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

// `hosts` is text such as "root@a root@b:2222"; an inventory is what `clocker lab up` writes.
const text = config.get("hosts");
const machines = text ? hostsFromText(text) : hostsFromInventory(config.require("inventory"));

const shared = new DockerCloud("shared", {
  hosts: machines.map(({ name, args }) => new DockerHost(name, args)),
});

/** How to reach the hosts and what they can take; no keys. */
export const cloud = shared.export();
