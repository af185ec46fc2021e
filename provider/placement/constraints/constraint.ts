import type { CompiledRule } from "../affinity/compiled.js";
import type { Claim, HostState } from "../host-state.js";
import type { PlacementRequest } from "../model.js";
import type { FolderHome } from "./folders.js";

/** A request made ready for judging. */
export interface Ask extends Claim {
  readonly request: PlacementRequest;
  /** Position in program order. */
  readonly index: number;
  /** Equal only for requests that are alike in all that rules look at, but for which ports and volumes they have. */
  readonly shape: number;
  readonly applicationId: number;
  readonly groupId: number;
  /** Which matchers of affinity rules it meets; see `affinity/`. */
  signature: readonly number[];
  /** Affinity rules that it brings to its host. */
  rules: readonly CompiledRule[];
  /** Where it has written to a folder of its host; undefined: nowhere. */
  folderHome?: FolderHome | undefined;
}

/**
 * One rule that a host must meet. `declared` rules ask only what the program says of a host, so that their
 * answer is the same for all equal requests and does not change while the plan is made.
 */
export interface Constraint {
  readonly name: string;
  readonly declared: boolean;
  /** True: a host that it refuses may be accepted later in the same plan. Default false. */
  readonly mayRelent?: boolean;
  /** True: its answer depends on what lies on other hosts too. Default false. */
  readonly acrossHosts?: boolean;
  /** True: it does not drive away what is there already. Default false. */
  readonly onlyNew?: boolean;
  /** False: it has nothing to say about this request. */
  applies(ask: Ask): boolean;
  accepts(ask: Ask, host: HostState): boolean;
  /** `2 hosts lack label zone=eu`: all these hosts were refused by this rule. */
  explain(ask: Ask, hosts: readonly HostState[]): string;
  /** The same for one host, without its name: `lacks label zone=eu`. */
  explainOne(ask: Ask, host: HostState): string;
}
