import * as pulumi from "@pulumi/pulumi";
import type { KeyReference } from "../provider/host/connection.js";
import type { Known } from "./known-args.js";

/** Where the private key comes from. The key itself never enters a state. */
export interface SshKeyArgs {
  /** Use the SSH agent: `true` for SSH_AUTH_SOCK, or the path of its socket. */
  agent?: boolean | string;
  /** Path of a private key without passphrase, on the machine that runs `pulumi up`. */
  file?: string;
  /** Name of an environment variable that holds the private key. */
  env?: string;
}

/** How to reach an sshd. */
export interface SshArgs {
  /** Host name or IP address. A change is an update, not a replacement. */
  address: pulumi.Input<string>;
  /** @default 22 */
  port?: pulumi.Input<number>;
  /** Login name. @default "root" */
  user?: pulumi.Input<string>;
  /** Private key by reference. @default the agent at SSH_AUTH_SOCK, else ~/.ssh/id_ed25519 */
  key?: SshKeyArgs;
  /**
   * The host's public key, `ssh-ed25519 AAAA...` or `SHA256:...`; several are allowed. A host that shows another
   * key is refused before anything is sent. @default looked up in `knownHosts`; an unknown key is refused, and the
   * error prints the fingerprint to pin.
   */
  hostKey?: pulumi.Input<string | string[]>;
  /** @default "~/.ssh/known_hosts" */
  knownHosts?: string;
}

/** How to reach a machine and act on it. A change of any of it is an update, not a replacement. */
export interface HostAccessArgs extends Partial<SshArgs> {
  /** "ssh", or "local" for the machine itself. @default "ssh" */
  connection?: "ssh" | "local";
  /** Connect through this host first (ProxyJump). */
  jump?: SshArgs;
  /** Run commands with `sudo -n`, for a login that is not root. @default false */
  sudo?: boolean;
  /** Address that the cloud's hosts use to reach it, for what networks carry. @default the one our connection arrives at */
  privateAddress?: string;
  /**
   * What removing something there does while it cannot be reached: "fail" keeps it in the state, "forget" drops it and
   * prints what remains there. @default "fail"
   */
  whenUnreachable?: "fail" | "forget";
}

/** @internal Compile-time complete. */
export const KNOWN_ACCESS: Known<HostAccessArgs> = {
  address: true,
  port: true,
  user: true,
  key: true,
  hostKey: true,
  knownHosts: true,
  connection: true,
  jump: true,
  sudo: true,
  privateAddress: true,
  whenUnreachable: true,
};

/** What a host that runs Docker has beside the way to it. */
interface DockerAccessArgs {
  dockerSocket?: string;
  parallelStarts?: number;
}

/** @internal The connection as the provider takes it. `what`: the resource, for errors. */
export function accessOf(
  what: string,
  name: string,
  args: HostAccessArgs & DockerAccessArgs,
): pulumi.Input<Record<string, unknown>> {
  const shared = {
    name,
    sudo: args.sudo ?? false,
    dockerSocket: args.dockerSocket ?? "/var/run/docker.sock",
    parallelStarts: args.parallelStarts ?? 0,
    whenUnreachable: args.whenUnreachable ?? "fail",
  };
  if (args.connection === "local") return { kind: "local", ...shared };
  if (args.address === undefined) {
    throw new pulumi.RunError(
      `${what}: address: say where the host is, or connection: "local" for this machine`,
    );
  }
  return {
    kind: "ssh",
    ...shared,
    ...endpoint({ ...args, address: args.address }),
    ...(args.jump ? { jump: endpoint(args.jump) } : {}),
  };
}

function endpoint(args: SshArgs): Record<string, unknown> {
  return {
    address: args.address,
    port: args.port ?? 22,
    user: args.user ?? "root",
    key: keyReference(args.key),
    ...(args.hostKey === undefined
      ? {}
      : {
          hostKeys: Array.isArray(args.hostKey)
            ? args.hostKey
            : typeof args.hostKey === "string"
              ? [args.hostKey]
              : pulumi.output(args.hostKey).apply((key) => (Array.isArray(key) ? key : [key])),
        }),
    ...(args.knownHosts === undefined ? {} : { knownHosts: args.knownHosts }),
  };
}

function keyReference(key: SshKeyArgs | undefined): KeyReference {
  if (key?.file) return { kind: "file", path: key.file };
  if (key?.env) return { kind: "env", variable: key.env };
  if (typeof key?.agent === "string") return { kind: "agent", socket: key.agent };
  if (key?.agent || process.env.SSH_AUTH_SOCK) return { kind: "agent" };
  return { kind: "file", path: "~/.ssh/id_ed25519" };
}
