import type { ResourceState } from "../state/model.js";
import type { ProviderRegistry } from "../providers/registry.js";
import type { Hooks } from "../callbacks/hooks.js";
import type { Policies } from "../policies/policies.js";
import type { SnapshotManager } from "../snapshot/manager.js";
import type { UrnSet } from "./urn-set.js";
import { isProviderType } from "../urn.js";
import { DependencyGraph } from "../graph/dependency-graph.js";
import type { EventStream } from "./diagnostics.js";

export interface DeploymentOptions {
  stack: string;
  project: string;
  organization: string;
  dryRun: boolean;
  purpose: Purpose;
  /** Resources are read when the program registers them, and not all before it runs. */
  refreshesAsRegistered: boolean;
  parallel: number;
  askedAhead: AskedAhead;
  continueOnError: boolean;
  /** Protected resources may be deleted and replaced like others. */
  ignoreProtect: boolean;
  /** undefined: everything. */
  targets?: UrnSet;
  targetDependents: boolean;
  /** Left alone. Never together with targets. */
  excludes?: UrnSet;
  excludeDependents: boolean;
  /** undefined: none. */
  replaceTargets?: UrnSet;
}

/**
 * What a program runs for: to be made real; or only to say how providers are configured now, which hooks and options there are,
 * while everything is deleted, or read.
 */
export type Purpose = "update" | "destroy" | "refresh";

/** Which providers are asked about registrations before their turn (`steps/lookahead.ts`). */
export type AskedAhead = "none" | "linked" | "all";

/** The resources the stack had before, looked up in all the ways the generator needs. */
export class BaseState {
  readonly resources: ResourceState[];
  /** Without those that only wait for their deletion. */
  readonly byUrn = new Map<string, ResourceState>();
  readonly graph: DependencyGraph;
  /** The provider resources among them. */
  readonly providers: ResourceState[];
  /** Who cascades: is replaced with, or deleted with, the key. */
  readonly #followers = new Map<string, ResourceState[]>();

  constructor(resources: ResourceState[]) {
    this.resources = resources;
    this.graph = new DependencyGraph(resources);
    this.providers = resources.filter(({ type }) => isProviderType(type));
    for (const state of resources) {
      if (state.delete === true) continue;
      this.byUrn.set(state.urn, state);
      for (const urn of [state.deletedWith, ...(state.replaceWith ?? [])]) {
        if (urn === undefined || urn === "") continue;
        const list = this.#followers.get(urn);
        if (list === undefined) this.#followers.set(urn, [state]);
        else list.push(state);
      }
    }
  }

  get(urn: string): ResourceState | undefined {
    return this.byUrn.get(urn);
  }

  followers(urn: string): ResourceState[] {
    return this.#followers.get(urn) ?? [];
  }
}

/** Everything the parts of one operation share. */
export interface Deployment {
  readonly options: DeploymentOptions;
  readonly events: EventStream;
  readonly providers: ProviderRegistry;
  /** Of the program, as long as it runs. */
  readonly hooks: Hooks;
  /** undefined in preview: nothing is ever written. */
  readonly snapshot: SnapshotManager | undefined;
  /** undefined without policy packs. */
  policies: Policies | undefined;
  /** Replaced as a whole by a refresh. */
  base: BaseState;
  /** What this operation has made or confirmed. */
  readonly news: Map<string, ResourceState>;
  /** What it has read. */
  readonly reads: Map<string, ResourceState>;
}

/** Reports what was named and is nowhere: neither in the stack nor `registered`. True when there is any. */
export function reportMissing(
  { base, events }: Deployment,
  named: UrnSet | undefined,
  registered: ReadonlySet<string> = new Set(),
): boolean {
  const missing = [...(named?.literals ?? [])].filter(
    (urn) => !registered.has(urn) && !base.resources.some((state) => state.urn === urn),
  );
  for (const urn of missing)
    events.diagnostic("error", `Target '${urn}' could not be found in the stack.`);
  return missing.length > 0;
}

/** A refusal or failure that was reported already: it ends the operation without another message. */
export class Bail extends Error {}
