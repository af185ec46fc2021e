import type { Coordinates } from "./model-hosts.js";

/** Which containers count together: those of one application and type, or all of one application. */
export type Scope = "type" | "application";

/** A constraint filters hosts. Of several all must hold. */
export type ConstraintSpec =
  /**
   * `zone=eu`, `zone!=eu`, `zone in (eu,us)`, `zone notin (eu)`, `ssd exists`, `ssd !exists`, `cores >= 8` (numbers: also
   * `>`, `<`, `<=`), `model ~ "^A100"` (regular expression, anywhere in the value; `!~`), `tags contains (a,b)` (a list
   * with commas has all of them), `engine version ">=24 <27"` or `engine version "~>1.2"` (version ranges).
   */
  | { kind: "label"; expression: string }
  /** On the host's name: glob (`h*`, `web-?`), or a regular expression that matches all of it. Default glob. */
  | { kind: "hostname"; pattern: string; syntax?: "glob" | "regexp" }
  /** Exactly this host. */
  | { kind: "host"; host: string }
  /** At most so many containers of the cloud on the host; binds neighbours too. */
  | { kind: "maxContainers"; max: number }
  /**
   * Live use of cpu below this share (0 to 1, default 0.5), what this plan adds counted in. Asked only of new
   * placements. A host without a sample, or with one older than `maxAgeSeconds` (default 120), is refused and says so.
   */
  | { kind: "maxCpuUsage"; max?: number; maxAgeSeconds?: number }
  /** The same for memory; default 0.8. */
  | { kind: "maxMemoryUsage"; max?: number; maxAgeSeconds?: number }
  /** The host is in one of these groups of hosts. */
  | { kind: "hostGroup"; groups: string[] }
  /**
   * Clocker's group: siblings (same application and group) on one host, other groups of the application elsewhere;
   * `exclusive` (default false): nothing else on that host. Binds neighbours too.
   */
  | { kind: "group"; exclusive?: boolean }
  | { kind: "region"; in: string[] }
  | { kind: "zone"; in: string[] }
  /** At most so many kilometres (great circle) from a place. A host without coordinates is refused. */
  | { kind: "distance"; from: Coordinates; withinKm: number; place?: string }
  /**
   * Country codes, unions (`EU`, `EEA`) or further jurisdictions of the host. `allow`: at least one of them; `deny`:
   * none. A host that says nothing of where it stands is refused by both.
   */
  | { kind: "jurisdiction"; allow?: string[]; deny?: string[] }
  /**
   * Clocker's rules, one per item or line: `[NOT] TYPE [type]`, `[NOT] NAME part`, `[NOT] ID [name]`,
   * `[NOT] APPLICATION [application]`, `[NOT] PREDICATE function`, `[NOT] EMPTY`. Without NOT every container on the
   * host must match, with NOT none; an empty host passes both. `SOME TYPE cache`: at least one there matches.
   * They bind neighbours too.
   */
  | { kind: "affinity"; rules: string | string[] }
  /** At most so many of its type (default) or application on one host; binds its siblings too. */
  | { kind: "maxPerHost"; max: number; of?: Scope }
  /** At most `max` (default 1) of its type (default) or application on all hosts with the same value of a label. */
  | { kind: "distinct"; label: string; max?: number; of?: Scope }
  /** A function of the program; `args` is handed to it. */
  | { kind: "predicate"; name: string; args?: unknown };

/**
 * A wish: hosts that meet the rule are better (weight above 0) or worse (below 0). A host's score is the sum of the
 * weights whose rule it meets over the sum of all weights without their signs: -1 to 1. Preferences decide before strategies.
 */
export interface Preference {
  /** -100 to 100, not 0. */
  weight: number;
  prefer: ConstraintSpec;
}
