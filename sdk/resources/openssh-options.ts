import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { quoteArgument } from "../../provider/host/command.js";
import type { HostConnection, SshEndpoint } from "../../provider/host/connection.js";

/**
 * The settings of a connection for OpenSSH's client, which the Docker provider runs. A pinned key needs no file, also
 * that of the jump host: `-J` would start a client that knows nothing of our settings.
 */
export function opensshOptions(access: HostConnection): string[] {
  if (access.kind === "local") return [];
  const options = endpointOptions(access.name, access);
  if (access.jump === undefined) return options;
  const { jump } = access;
  const hop = [
    "ssh",
    ...endpointOptions(access.name, jump),
    "-p",
    String(jump.port),
    "-l",
    jump.user,
  ]
    .map(quoteArgument)
    .join(" ")
    .replaceAll("%", "%%"); // for the client of the jump, not for the one that starts it
  const command = `${hop} -W '[%h]:%p' ${quoteArgument(jump.address)}`;
  return [...options, "-o", `ProxyCommand=${command}`];
}

function endpointOptions(host: string, { key, hostKeys, knownHosts }: SshEndpoint): string[] {
  const options = ["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"];
  switch (key.kind) {
    case "file":
      options.push("-i", expandHome(key.path));
      break;
    case "agent":
      if (key.socket) options.push("-o", `IdentityAgent=${key.socket}`);
      break;
    case "env":
      throw new pulumi.RunError(
        `DockerHost ${host}: dockerProvider() runs the ssh of this machine, which takes no key from an environment variable: use key.file or key.agent`,
      );
  }
  const pinned = hostKeys?.find((key) => !key.startsWith("SHA256:"));
  if (pinned) {
    options.push("-o", "UserKnownHostsFile=/dev/null");
    options.push("-o", `KnownHostsCommand=/bin/echo %H ${pinned}`);
  } else if (knownHosts) {
    options.push("-o", `UserKnownHostsFile=${expandHome(knownHosts)}`);
  }
  return options;
}

/** `~/x` as the shell would have it. */
export function expandHome(file: string): string {
  return file.startsWith("~/") ? path.join(process.env.HOME ?? "/", file.slice(2)) : file;
}
