import type { HostConnection } from "../../host/connection.js";
import type { Meta } from "../../lifecycle.js";

export interface DockerHostInputs {
  meta: Meta;
  /** How we reach it. Not called `connection`: users read that in the shape of `@pulumi/command`. */
  access: HostConnection;
  labels: Record<string, string>;
  capacity: { cpus?: number; memoryBytes?: number };
  headroom: { cpus: number; memoryBytes: number };
  prepare: {
    /** Install Docker Engine from the distribution's packages when it is missing. */
    installDocker: boolean;
    /** Smallest accepted engine version, e.g. "20.10". */
    minimumVersion: string;
    /** A daemon that runs containers which are not ours is restarted only when this is true. */
    allowRestart: boolean;
    /** Size of one container log file in bytes, and how many are kept. */
    log: { maxSizeBytes: number; maxFiles: number };
  };
}

/** Facts that do not change while the machine is the same one. Volatile ones never enter the state. */
export interface HostFacts {
  engineId: string;
  engineVersion: string;
  apiVersion: string;
  cpus: number;
  memoryBytes: number;
  arch: string;
  os: string;
  kernel: string;
  hostname: string;
  /** Address our connection arrives at (overlay peers use it), and its device's MTU. */
  underlayAddress: string;
  underlayMtu: number;
}

export interface DockerHostState extends DockerHostInputs {
  facts: HostFacts;
}
