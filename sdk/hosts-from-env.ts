import * as fs from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { DockerHostArgs } from "./resources/docker-host.js";

/** Arguments of a host and the name it should have. */
export interface NamedHost {
  name: string;
  args: DockerHostArgs;
}

/**
 * Hosts that one already has, from text such as `root@a root@b:2222`: separated by spaces, named h1, h2, ... in order.
 * Host keys come from ~/.ssh/known_hosts, the login key from the agent or ~/.ssh/id_ed25519.
 */
export function hostsFromText(text: string): NamedHost[] {
  return text
    .split(/\s+/)
    .filter((part) => part !== "")
    .map((part, index) => {
      const match =
        /^(?:([a-z_][a-z0-9_-]*)@)?([a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?$/.exec(part);
      if (!match) {
        throw new pulumi.RunError(
          `hosts: ${JSON.stringify(part)} is not a host; write user@address or user@address:port`,
        );
      }
      return {
        name: `h${index + 1}`,
        args: {
          address: match[2]!.replace(/^\[|\]$/g, ""),
          ...(match[1] ? { user: match[1] } : {}),
          ...(match[1] && match[1] !== "root" ? { sudo: true } : {}),
          ...(match[3] ? { port: Number(match[3]) } : {}),
        },
      };
    });
}

/** An inventory as `clocker lab up` writes it; other tools may write the same. */
export interface Inventory {
  /** Private key for all hosts that name none. */
  keyFile: string;
  hosts: {
    name: string;
    address: string;
    port: number;
    user: string;
    /** Public host key, pinned. */
    hostKey: string;
    /** Declared capacity: cores, and bytes of memory. */
    cpus?: number;
    memory?: number;
    labels?: Record<string, string>;
  }[];
}

/** Hosts of an inventory file (JSON). @throws RunError when the file is missing or is no inventory. */
export function hostsFromInventory(file: string): NamedHost[] {
  let inventory: Inventory;
  try {
    inventory = JSON.parse(fs.readFileSync(file, "utf8")) as Inventory;
  } catch (cause) {
    throw new pulumi.RunError(`inventory ${file}: cannot be read: ${String(cause)}`);
  }
  if (!Array.isArray(inventory.hosts)) {
    throw new pulumi.RunError(`inventory ${file}: has no list "hosts"`);
  }
  return inventory.hosts.map((host) => ({
    name: host.name,
    args: {
      address: host.address,
      port: host.port,
      user: host.user,
      hostKey: host.hostKey,
      key: { file: inventory.keyFile },
      labels: host.labels ?? {},
      capacity: {
        ...(host.cpus === undefined ? {} : { cpus: host.cpus }),
        ...(host.memory === undefined ? {} : { memory: host.memory }),
      },
    },
  }));
}
