import * as pulumi from "@pulumi/pulumi";
import type { ContainerPredicate, Rebalance, SupplySpec } from "../provider/placement/model.js";
import type { PlanHost } from "../provider/resources/placement/inputs.js";
import type { Known } from "./known-args.js";
import type { LayerArgs } from "./placement-args.js";
import type { DockerHost } from "./resources/docker-host.js";
import type { Constraint, Preference, Strategy } from "./rules.js";
import { bytesOf, type Duration, type Memory } from "./units.js";

export interface ContainerDefaults {
  /** Cores reserved for and granted to a container that names none. @default 0.5 */
  cpus?: number;
  /** Memory reserved for and granted to a container that names none. @default "256 MiB" */
  memory?: Memory;
  /** Processes a container that names no limit may have. @default 512 */
  pids?: number;
}

/** Asks for moves that make the balance of the strategies better. */
export interface RebalanceArgs {
  /** At most so many containers move in one up. @default 10 */
  maxMoves?: number;
  /** Only containers of these applications move. @default all */
  applications?: string[];
}

/** How many hosts the cloud should have; see `neededHosts`. */
export interface SupplyArgs {
  /** Room to keep free for containers to come: a number of them, a share of all places (`"25%"`), or resources. */
  headroom: number | `${number}%` | { cpus?: number; memory?: Memory };
  /** @default 0 */
  minHosts?: number;
  /** @default no limit */
  maxHosts?: number;
  /** Containers on one host. @default the lowest `maxContainers` among the cloud's constraints, else 8 */
  maxContainers?: number;
  /** What a new host would offer, for headroom by resources. @default the smallest host of the cloud */
  hostShape?: { cpus: number; memory: Memory };
}

export interface DockerCloudArgs extends LayerArgs {
  /** The hosts, in the order in which depthFirst and breadthFirst take them. Or what another stack exported. */
  hosts: DockerHost[] | pulumi.Input<CloudExport>;
  /** Applied to every container, before the application's and its own. @default ["breadthFirst"] */
  strategies?: Strategy[];
  /** Hold for every container of the cloud. @default [] */
  constraints?: Constraint[];
  /** Wishes for every container of the cloud. @default [] */
  preferences?: Preference[];
  /** Functions that affinity rules ask for as `PREDICATE name`: whether a container that lies on a host matches. @default {} */
  containerPredicates?: Record<string, ContainerPredicate>;
  /**
   * Move containers so that the balance of the strategies becomes better; previews show which. True: all that are
   * worth it, at most 10. Absent, nothing that may stay is moved. @default false
   */
  rebalance?: boolean | RebalanceArgs;
  /**
   * Place anew what was on hosts that cannot be reached, except what has data there. What still runs on such a host is
   * removed by the first up that reaches it. @default false
   */
  replaceLost?: boolean;
  /** Count how many hosts are needed: the outputs `neededHosts`, `desiredHosts` and `supply`. @default not counted */
  supply?: SupplyArgs;
  /**
   * Applications that share a network reach each other (`"none"`), or only where a NetworkPolicy says so
   * (`"applications"`): then each network with containers of several applications has such a policy, if the program makes
   * none for it itself, and sharing a network whose driver carries no policy is refused. @default "none"
   */
  isolate?: "applications" | "none";
  /** Networks are carved from this pool. @default "10.128.0.0/9" */
  addressPool?: pulumi.Input<string>;
  /** Size of a network carved from the pool. @default 16 */
  networkPrefix?: number;
  /** Limits for containers that name none. */
  containers?: ContainerDefaults;
  /** How long the plan waits for the hosts' answers. @default "10 seconds" */
  observeTimeout?: Duration;
}

/** What `cloud.export()` gives to other stacks: plain data without keys. */
export interface CloudExport {
  name: string;
  hosts: PlanHost[];
}

/** @internal Compile-time complete. */
export const KNOWN_CLOUD: Known<DockerCloudArgs> = {
  hosts: true,
  strategies: true,
  constraints: true,
  preferences: true,
  affinity: true,
  containerPredicates: true,
  rebalance: true,
  replaceLost: true,
  supply: true,
  isolate: true,
  addressPool: true,
  networkPrefix: true,
  containers: true,
  observeTimeout: true,
};

/** @internal As the plan takes it. */
export function rebalanceOf(args: DockerCloudArgs["rebalance"]): Rebalance | undefined {
  if (args === undefined || args === false) return undefined;
  return args === true ? {} : { ...args };
}

/** @internal As the plan takes it. */
export function supplyOf(at: (property: string) => string, args: SupplyArgs): SupplySpec {
  const { headroom, hostShape, ...rest } = args;
  return {
    ...rest,
    headroom: headroomOf(at("supply.headroom"), headroom),
    ...(hostShape
      ? {
          hostShape: {
            cpus: hostShape.cpus,
            memoryBytes: bytesOf(at("supply.hostShape.memory"), hostShape.memory),
          },
        }
      : {}),
  };
}

function headroomOf(property: string, headroom: SupplyArgs["headroom"]): SupplySpec["headroom"] {
  if (typeof headroom === "number") return { count: headroom };
  if (typeof headroom === "string") {
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(headroom)?.[1];
    if (percent === undefined || Number(percent) >= 100) {
      throw new pulumi.RunError(
        `${property}: write a number of containers, or a share such as "25%"`,
      );
    }
    return { percent: Number(percent) / 100 };
  }
  const { cpus, memory } = headroom;
  return {
    ...(cpus === undefined ? {} : { cpus }),
    ...(memory === undefined ? {} : { memoryBytes: bytesOf(`${property}.memory`, memory) }),
  };
}
