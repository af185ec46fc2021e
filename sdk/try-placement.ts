import type { HostConnection } from "../provider/host/connection.js";
import { planAll } from "../provider/placement/index.js";
import type {
  Candidate,
  PlacementRequest,
  Plan,
  PlanInput,
  Usage,
  UserFunctions,
} from "../provider/placement/model.js";
import { toCandidate } from "../provider/resources/placement/candidate.js";
import type { ContainerSpec } from "../provider/resources/placed-container/inputs.js";
import { isStopFirst } from "../provider/resources/placed-container/revision.js";
import { rebalanceOf, supplyOf, type DockerCloudArgs } from "./cloud-args.js";
import { containerSpec, foldersOf, volumesOf, type ContainerArgs } from "./container-args.js";
import { ingressRequest, readPorts } from "./ports.js";
import { placementArgsOf, type HostPlacementArgs } from "./host-args.js";
import { layerOf, needsOf, type LayerArgs, type NeedsArgs } from "./placement-args.js";
import type { Collect } from "./rules.js";
import { bytesOf, type Memory } from "./units.js";

/** A host of a trial: the arguments of DockerHost that placement reads, and what would be found on it. */
export interface TrialHost extends HostPlacementArgs {
  /** @default { cpus: 4, memory: "8 GiB" } */
  capacity?: { cpus?: number; memory?: Memory };
  /** How busy it is, shares of 0 to 1. @default not known */
  usage?: Omit<Usage, "ageSeconds"> & { ageSeconds?: number };
  /** @default not known, and so not looked at */
  freeDisk?: Memory;
  /** Named volumes that are there. @default [] */
  volumes?: string[];
  /** It cannot be asked. @default false */
  unreachable?: boolean;
}

/** Containers of a trial: the arguments of PlacedContainer that placement reads. */
export interface TrialContainer
  extends NeedsArgs, Pick<ContainerArgs, "cpus" | "memory" | "ports" | "mounts"> {
  /** So many, named `<name>-0`, `<name>-1`, ... @default one, of that name */
  count?: number;
  /** @default "" */
  application?: string;
  /** @default the name that it has in the trial */
  type?: string;
  /** Containers that it depends on. @default [] */
  dependsOn?: string[];
}

/** A cloud, and what is to run there. Everything has the names and defaults that it has in a program. */
export interface TrialArgs
  extends
    LayerArgs,
    Pick<
      DockerCloudArgs,
      "containerPredicates" | "rebalance" | "replaceLost" | "supply" | "containers"
    > {
  hosts: Record<string, TrialHost>;
  /** What runs, by name; placed in this order. */
  run: Record<string, TrialContainer>;
  /** Rules of applications, by name; they come after the cloud's and before the containers' own. @default {} */
  applications?: Record<string, LayerArgs>;
  /** `project/stack`, from which `random` draws. @default "trial/trial" */
  stack?: string;
}

/** The plan of a trial; `why`, `whyNot`, `whatIf` and `survival` answer questions about it. */
export interface Trial extends Plan {
  /** The host of each container that has one. */
  readonly hosts: Readonly<Record<string, string>>;
  /** One for each container, in their order: where it is and why, or why it is nowhere. */
  readonly sentences: readonly string[];
}

/**
 * Places containers on hosts that exist on paper only, as preview and up would: for unit tests of rules, of
 * predicates and comparators of your own, and of policies. It asks nobody and needs no engine. `before`, an earlier
 * trial, is what runs already: it stays where it may.
 *
 * ```ts
 * const trial = tryPlacement({
 *   hosts: { h1: { labels: { zone: "a" } }, h2: { labels: { zone: "b" } } },
 *   strategies: ["spread over zone"],
 *   run: { web: { count: 2 } },
 * });
 * trial.hosts; // { "web-0": "h1", "web-1": "h2" }
 * ```
 *
 * @throws RunError for an argument that a program would be refused for too
 */
export function tryPlacement(args: TrialArgs, before?: Trial): Trial {
  const input = trialInput(args, before);
  const result = planAll(input);
  const hosts = Object.fromEntries(
    Object.entries(result.assignments).map(([name, { host }]) => [name, host]),
  );
  const refused = new Map(result.refusals.map(({ name, sentence }) => [name, sentence]));
  const stuck = new Map((result.stuck ?? []).map(({ name, sentence }) => [name, sentence]));
  const sentences = input.requests.map(({ name }) => {
    const found = result.assignments[name];
    const placed = found && `${name} is on ${found.host}: ${found.reason}`;
    return stuck.get(name) ?? placed ?? refused.get(name) ?? `${name} is not placed`;
  });
  return { input, result, hosts, sentences };
}

function trialInput(args: TrialArgs, before: Trial | undefined): PlanInput {
  const functions = { containers: args.containerPredicates ?? {} } as MutableFunctions;
  const collect: Collect = (kind, name, run) =>
    void ((functions[kind] ??= {})[name] = run as never);
  const cloud = layerOf({ ...args, strategies: args.strategies ?? ["breadthFirst"] }, collect);
  const applications = Object.entries(args.applications ?? {}).map(
    ([name, layer]) => [name, layerOf(layer, collect)] as const,
  );
  const rebalance = rebalanceOf(args.rebalance);
  return {
    candidates: Object.entries(args.hosts).map(([name, host]) => candidateOf(name, host)),
    requests: Object.entries(args.run).flatMap(([name, container]) =>
      requestsOf(name, container, args, collect),
    ),
    networks: [],
    ...cloud,
    applications: Object.fromEntries(applications),
    pool: { cidr: "10.128.0.0/9", networkPrefix: 16 },
    seed: args.stack ?? "trial/trial",
    previous: { assignments: before?.result.assignments ?? {}, networks: {} },
    functions: functions,
    ...(rebalance ? { rebalance } : {}),
    ...(args.replaceLost === true ? { replaceLost: true } : {}),
    ...(args.supply ? { supply: supplyOf((property) => `trial: ${property}`, args.supply) } : {}),
  };
}

type MutableFunctions = { -readonly [Kind in keyof UserFunctions]: Record<string, never> };

const NOWHERE = {} as HostConnection;
const NO_OWNERS = {
  requests: new Map<string, string>(),
  networks: new Map<string, string>(),
  planned: new Set<string>(),
};

function candidateOf(name: string, host: TrialHost): Candidate {
  const args = {
    ...host,
    capacity: { cpus: 4, memory: "8 GiB", ...host.capacity },
  };
  const plan = { name, connection: NOWHERE, ...placementArgsOf(name, args) };
  const { pending: _, ...candidate } = toCandidate(plan, undefined, NO_OWNERS);
  const { usage, freeDisk, volumes = [], unreachable } = host;
  const freeBytes = freeDisk === undefined ? 0 : bytesOf(`host ${name}: freeDisk`, freeDisk);
  const kept = plan.headroom.diskBytes ?? 0;
  return {
    ...candidate,
    volumes: [...volumes],
    ...(usage ? { usage: { ageSeconds: 0, ...usage } } : {}),
    ...(freeDisk === undefined ? {} : { disk: { freeBytes: Math.max(0, freeBytes - kept) } }),
    ...(unreachable === true ? { notReady: "cannot be reached", lost: true } : {}),
  };
}

function requestsOf(
  name: string,
  container: TrialContainer,
  { containers }: TrialArgs,
  collect: Collect,
): PlacementRequest[] {
  const { count, application = "", type = name, cpus, memory, ports, mounts } = container;
  const limits = Object.fromEntries(
    Object.entries({ cpus, memory, ports, mounts }).filter(([, value]) => value !== undefined),
  );
  const spec = containerSpec(
    name,
    { image: "trial", application, ...limits },
    {
      cpus: containers?.cpus ?? 0.5,
      memoryBytes: bytesOf("containers.memory", containers?.memory ?? "256 MiB"),
      pids: containers?.pids ?? 512,
    },
  );
  const folders = foldersOf(spec);
  const needs = needsOf((property) => `${name}: ${property}`, container);
  const names =
    count === undefined ? [name] : Array.from({ length: count }, (_, i) => `${name}-${i}`);
  return names.map((each) => ({
    name: each,
    application,
    type,
    cpus: spec.cpus,
    memoryBytes: spec.memoryBytes,
    ports: spec.ports
      .filter(({ hostPort }) => hostPort > 0)
      .map(({ hostPort, protocol, hostAddress }) => ({ hostPort, protocol, hostAddress })),
    ...ingressRequest(readPorts(`${name}: ports`, ports).ingress),
    volumes: volumesOf(spec),
    ...(folders.length > 0 ? { folders } : {}),
    networks: [],
    ...layerOf(container, collect),
    ...needs,
    ...(container.dependsOn ? { dependsOn: container.dependsOn } : {}),
    revision: "",
    stopFirst: isStopFirst(spec as ContainerSpec) || needs.devices !== undefined,
  }));
}
