import type { HostConnection } from "../provider/host/connection.js";

/** One host of a lab, as programs and tests see it. */
export interface LabHost {
  /** h1, h2, ... */
  name: string;
  address: string;
  port: number;
  user: string;
  /** A second login: in no docker group, with sudo that asks for no password. */
  sudoUser: string;
  /** Public host key, `ssh-ed25519 AAAA...`, to be pinned. */
  hostKey: string;
  /** Declared capacity: the machine shows all of its own, whatever a host may use. */
  cpus: number;
  /** Bytes. */
  memory: number;
  labels: Record<string, string>;
  /** The host's Docker socket as a path on this machine. */
  dockerSocket: string;
  /** False for a host without Docker Engine. */
  docker: boolean;
}

/** Everything needed to reach a lab; written beside it when it is up. */
export interface LabInventory {
  name: string;
  /** The underlay, e.g. 10.77.3.0/24; this machine has `gateway` in it. */
  subnet: string;
  gateway: string;
  /** Private key of root and of the sudo user on every host. */
  keyFile: string;
  knownHosts: string;
  hosts: LabHost[];
}

/** How the provider reaches a lab host. `login: "sudo"` comes in as the user that must use sudo. */
export function labConnection(
  inventory: LabInventory,
  host: LabHost,
  login: "root" | "sudo" = "root",
): HostConnection {
  return {
    kind: "ssh",
    name: host.name,
    address: host.address,
    port: host.port,
    user: login === "root" ? host.user : host.sudoUser,
    key: { kind: "file", path: inventory.keyFile },
    hostKeys: [host.hostKey],
    sudo: login === "sudo",
    dockerSocket: "/var/run/docker.sock",
    parallelStarts: 0,
    whenUnreachable: "fail",
  };
}
