import type { Ask } from "./constraints/index.js";
import { FunctionFault } from "./functions.js";
import { applying } from "./host-classes.js";
import type { HostState } from "./host-state.js";
import type { Plan, PlanInput, PlanResult } from "./model.js";
import { Orderings } from "./orderings.js";
import { prepare } from "./prepare.js";
import { compareKeys, type Ordering } from "./strategies/index.js";

/** What placement thinks of one host for one request. */
export interface HostVerdict {
  host: string;
  /** `here`: it was placed there. `possible`: it would be accepted. `refused`: a rule speaks against it. */
  verdict: "here" | "possible" | "refused";
  /** One sentence without the host's name: why it won, why another came before it, or each rule it breaks. */
  reasons: string[];
  /** By the strategy that decides; higher is better. Of its own host the one it was given. Absent: no strategy scores. */
  score?: number;
}

/** Why a request is where it is, and why not on every other host. */
export interface Explanation {
  name: string;
  /** `web-3 is on h2: fewest containers: 0 here, 1 on h1` */
  sentence: string;
  hosts: HostVerdict[];
}

/** Why a container is where it is, and what speaks for and against each host; undefined when there is none of that name. */
export function explainWhy({ input, result }: Plan, name: string): Explanation | undefined {
  return explain(name, input, result);
}

/** One sentence: why a container is not on a host. It also says when there is no such container or host. */
export function explainWhyNot({ input, result }: Plan, name: string, host: string): string {
  const explanation = explain(name, input, result);
  return explanation ? explainNot(explanation, host) : `${name} is not a container of the plan`;
}

/**
 * Explains a plan for one request and every host, as the plan stands when all else is placed. Undefined when the
 * plan has no request of that name.
 */
export function explain(
  name: string,
  input: PlanInput,
  result: PlanResult,
): Explanation | undefined {
  const index = input.requests.findIndex((request) => request.name === name);
  if (index < 0) return undefined;
  try {
    return explainAt(index, name, input, result);
  } catch (error) {
    if (error instanceof FunctionFault) {
      return { name, sentence: `no host for ${name}: ${error.message}`, hosts: [] };
    }
    throw error;
  }
}

function explainAt(
  index: number,
  name: string,
  input: PlanInput,
  result: PlanResult,
): Explanation | undefined {
  const { undecided: _, ...known } = input;
  const { world, asks, classes } = prepare(known);
  const ask = asks[index];
  const hostClass = classes[index];
  if (!ask || !hostClass) return undefined;
  for (const other of asks) {
    const host = world.byName.get(result.assignments[other.name]?.host ?? "");
    if (other === ask || !host) continue;
    world.place(other, host, input.previous.assignments[other.name]?.host !== host.name);
  }
  if ("error" in hostClass) {
    return { name, sentence: `no host for ${name}: ${hostClass.error}`, hosts: [] };
  }
  const ordering = new Orderings(world, asks).of(ask, hostClass);
  if ("error" in ordering) {
    return { name, sentence: `no host for ${name}: ${ordering.error}`, hosts: [] };
  }
  const rules = applying(hostClass.constraints, ask);
  const assignment = result.assignments[name];
  const home = world.byName.get(assignment?.host ?? "");
  const [first] = ordering.strategies;
  const verdicts = world.hosts.map((host): HostVerdict => {
    if (assignment && host === home) {
      const { reason, score } = assignment;
      return { host: host.name, verdict: "here", reasons: [reason], score };
    }
    const broken = rules.filter((rule) => !rule.accepts(ask, host));
    if (broken.length > 0) {
      const reasons = broken.map((rule) => rule.explainOne(ask, host));
      return { host: host.name, verdict: "refused", reasons };
    }
    return {
      host: host.name,
      verdict: "possible",
      reasons: [home ? whyLater(ordering, ask, home, host) : "would accept it"],
      ...(first ? { score: first.score(ask, host) } : {}),
    };
  });
  return { name, sentence: sentenceOf(name, result), hosts: verdicts };
}

/** Why a host that would accept it is not the one it is on. */
function whyLater(ordering: Ordering, ask: Ask, home: HostState, host: HostState): string {
  const order = compareKeys(ordering, ask, home, host);
  if (order < 0) {
    const deciding = ordering.strategies.find(
      (strategy) => strategy.key(ask, home) !== strategy.key(ask, host),
    );
    return `accepts it, but ${home.name} comes first: ${deciding?.better(ask, home, host) ?? ""}`;
  }
  if (order > 0) return `would come first now, but ${ask.name} stays on ${home.name}`;
  if (ordering.last.kind === "random") return `accepts it, but ${home.name} was drawn first`;
  return home.rank < host.rank
    ? `accepts it, but ${home.name} comes first by name`
    : `would come first by name now, but ${ask.name} stays on ${home.name}`;
}

function sentenceOf(name: string, result: PlanResult): string {
  const stuck = result.stuck?.find((each) => each.name === name);
  if (stuck) return stuck.sentence;
  const assignment = result.assignments[name];
  if (assignment) return `${name} is on ${assignment.host}: ${assignment.reason}`;
  const refusal = result.refusals.find((each) => each.about === "request" && each.name === name);
  return refusal?.sentence ?? `${name} is placed after hosts exist`;
}

/** `web-3 is not on h2: lacks 512 MiB of memory (300 MiB free, 212 MiB short)`. */
export function explainNot(explanation: Explanation, host: string): string {
  const verdict = explanation.hosts.find((each) => each.host === host);
  if (!verdict) return `${host} is not a host of the cloud`;
  if (verdict.verdict === "here") return explanation.sentence;
  return `${explanation.name} is not on ${host}: ${verdict.reasons.join("; ")}`;
}
