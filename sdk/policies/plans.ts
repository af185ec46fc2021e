import type { PolicyResource } from "@pulumi/policy";
import { planAll, type Candidate, type Plan } from "../../provider/placement/index.js";
import type { DockerHostState } from "../../provider/resources/docker-host/inputs.js";
import { compileFunctions } from "../../provider/resources/placement/functions.js";
import type { PlacementState } from "../../provider/resources/placement/inputs.js";
import { toPlanInput } from "../../provider/resources/placement/plan-input.js";
import { TYPE_PREFIX } from "../resource.js";

/** A plan of a stack, as a policy sees it. */
export interface SeenPlan extends Plan {
  /** The cloud's name. */
  cloud: string;
}

type Seen = Pick<PolicyResource, "type" | "props">;

/**
 * The plans in the resources of a stack, to be asked with `why`, `whyNot`, `whatIf` and `survival`. A policy sees what the
 * program says and what the state knows, so hosts have their declared capacity, else what was found when they were
 * made; how busy they are and what other stacks have there is not known. Hosts that do not exist yet are pending.
 */
export function plansIn(resources: readonly Seen[]): SeenPlan[] {
  const hosts = new Map<string, DockerHostState>();
  for (const { type, props } of resources) {
    const state = props as unknown as DockerHostState;
    if (type === `${TYPE_PREFIX}DockerHost`) hosts.set(state.access.name, state);
  }
  return resources.flatMap(({ type, props }) =>
    type === `${TYPE_PREFIX}Placement` ? planIn(props as unknown as PlacementState, hosts) : [],
  );
}

function planIn(state: PlacementState, hosts: ReadonlyMap<string, DockerHostState>): SeenPlan[] {
  if (!state.assignments) return [];
  const { functions } = compileFunctions(state.functions);
  const input = toPlanInput(state, state, [], functions);
  const candidates = input.candidates.map((host) => known(host, hosts.get(host.name)));
  const seen = { ...input, candidates: withVolumes(candidates, state) };
  return [{ cloud: state.cloud, input: seen, result: planAll(seen) }];
}

/** A host that exists, as far as the state knows it. */
function known(candidate: Candidate, host: DockerHostState | undefined): Candidate {
  const facts = host?.facts;
  const isDeclared = Number.isFinite(candidate.cpus) && Number.isFinite(candidate.memoryBytes);
  if (!facts && !isDeclared) return candidate;
  const { pending: _, labelsUnknown: __, ...rest } = candidate;
  const cpus = Number.isFinite(rest.cpus) ? rest.cpus : (facts?.cpus ?? rest.cpus);
  const memoryBytes = Number.isFinite(rest.memoryBytes)
    ? rest.memoryBytes
    : (facts?.memoryBytes ?? rest.memoryBytes);
  const platform = rest.platform ?? (facts?.arch ? { os: "linux", arch: facts.arch } : undefined);
  return { ...rest, cpus, memoryBytes, ...(platform ? { platform } : {}) };
}

/** Volumes are where the containers are that mount them. */
function withVolumes(candidates: Candidate[], state: PlacementState): Candidate[] {
  const volumes = new Map<string, Set<string>>();
  for (const { name, volumes: mounted } of state.requests) {
    const host = state.assignments?.[name]?.host;
    if (typeof host !== "string") continue;
    const there = volumes.get(host) ?? new Set<string>();
    volumes.set(host, there);
    for (const volume of mounted) there.add(volume);
  }
  return candidates.map((host) => ({ ...host, volumes: [...(volumes.get(host.name) ?? [])] }));
}
