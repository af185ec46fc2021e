/** Where the private key for SSH comes from. Always a reference: the key itself never enters a state. */
export type KeyReference =
  | { kind: "agent"; socket?: string } // default: SSH_AUTH_SOCK
  | { kind: "file"; path: string }
  | { kind: "env"; variable: string };

/** How to reach a host's sshd. Plain data: it is kept in the state of everything that lives on the host. */
export interface SshEndpoint {
  address: string;
  port: number;
  user: string;
  key: KeyReference;
  /** Pinned host key, `ssh-ed25519 AAAA...` or `SHA256:...`; several are allowed. Absent: known_hosts decides. */
  hostKeys?: string[];
  /** known_hosts file to look the key up in when none is pinned. Default ~/.ssh/known_hosts. */
  knownHosts?: string;
}

/** How to reach one host of the cloud. `name` is the DockerHost's logical name. */
export type HostConnection =
  | ({ kind: "ssh"; name: string; jump?: SshEndpoint } & SshEndpoint & HostOptions)
  | ({ kind: "local"; name: string } & HostOptions);

export interface HostOptions {
  /** Run commands with `sudo -n` (the user is not root). */
  sudo: boolean;
  /** Docker's socket on the host. */
  dockerSocket: string;
  /** Starts of containers at once on this host; 0 means: as many as it has cpus, at least 2. */
  parallelStarts: number;
  /** What deleting something there does while the host cannot be reached. */
  whenUnreachable: "fail" | "forget";
}

/** A connection without what only tells us how to behave: the way to the host alone. */
export function withoutPolicies(connection: HostConnection): Partial<HostConnection> {
  const { whenUnreachable: _when, parallelStarts: _starts, ...way } = connection;
  return way;
}
