import * as fs from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { HostConnection, KeyReference, SshEndpoint } from "../../provider/host/connection.js";
import { expandHome } from "./openssh-options.js";

/** Connection in the shape that `@pulumi/command` takes for remote commands. */
export interface CommandConnection {
  host: string;
  port: number;
  user: string;
  privateKey?: string;
  agentSocketPath?: string;
  hostKey?: string;
  proxy?: { host: string; port: number; user: string; privateKey?: string; hostKey?: string };
}

/** @throws RunError for this machine itself, to which no connection is made */
export function commandConnection(access: HostConnection): CommandConnection {
  if (access.kind === "local") {
    throw new pulumi.RunError(
      `DockerHost ${access.name} is this machine: use @pulumi/command's local.Command`,
    );
  }
  const end = (ssh: SshEndpoint) => ({
    host: ssh.address,
    port: ssh.port,
    user: ssh.user,
    ...privateKey(ssh.key),
    ...(ssh.hostKeys?.[0] ? { hostKey: ssh.hostKeys[0] } : {}),
  });
  return { ...end(access), ...(access.jump ? { proxy: end(access.jump) } : {}) };
}

function privateKey(key: KeyReference): { privateKey?: string; agentSocketPath?: string } {
  switch (key.kind) {
    case "agent": {
      const socket = key.socket ?? process.env.SSH_AUTH_SOCK;
      return socket ? { agentSocketPath: socket } : {};
    }
    case "file":
      return { privateKey: fs.readFileSync(expandHome(key.path), "utf8") };
    case "env":
      return { privateKey: process.env[key.variable] ?? "" };
  }
}
