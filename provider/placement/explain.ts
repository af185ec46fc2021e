import { Interner, toAsk } from "./asks.js";
import { VolumeMap } from "./constraints/index.js";
import { applying, HostClasses } from "./host-classes.js";
import type { PlanInput, PlanResult } from "./model.js";
import { hostStates } from "./place.js";
import { compareKeys, composeStrategies } from "./strategies/index.js";

/** What placement thinks of one host for one request. */
export interface HostVerdict {
  host: string;
  /** `here`: it was placed there. `possible`: it would be accepted. `refused`: a rule speaks against it. */
  verdict: "here" | "possible" | "refused";
  /** One sentence without the host's name: why it won, why another came before it, or each rule it breaks. */
  reasons: string[];
}

/** Why a request is where it is, and why not on every other host. */
export interface Explanation {
  name: string;
  /** `web-3 is on h2: fewest containers: 0 here, 1 on h1` */
  sentence: string;
  hosts: HostVerdict[];
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
  const request = input.requests.find((candidate) => candidate.name === name);
  if (!request) return undefined;
  const hosts = hostStates(input);
  const byName = new Map(hosts.map((host) => [host.name, host]));
  const volumes = new VolumeMap(hosts);
  const types = new Interner();
  for (const other of input.requests) {
    const host = byName.get(result.assignments[other.name]?.host ?? "");
    if (other.name === name || !host) continue;
    host.place(toAsk(other, types));
    for (const volume of other.volumes) volumes.add(volume, host);
  }
  const ask = toAsk(request, types);
  const hostClass = new HostClasses(hosts, input.constraints, volumes).of(ask);
  if ("error" in hostClass) {
    return { name, sentence: `no host for ${name}: ${hostClass.error}`, hosts: [] };
  }
  const rules = applying(hostClass.constraints, ask);
  const ordering = composeStrategies([...input.strategies, ...request.strategies], input.seed);
  const assignment = result.assignments[name];
  const home = byName.get(assignment?.host ?? "");
  const verdicts = hosts.map((host): HostVerdict => {
    if (assignment && host === home) {
      return { host: host.name, verdict: "here", reasons: [assignment.reason] };
    }
    const broken = rules.filter((rule) => !rule.accepts(ask, host));
    if (broken.length > 0) {
      return {
        host: host.name,
        verdict: "refused",
        reasons: broken.map((rule) => rule.explainOne(ask, host)),
      };
    }
    if (!home) return { host: host.name, verdict: "possible", reasons: ["would accept it"] };
    const order = compareKeys(ordering, ask, home, host);
    const deciding = ordering.strategies.find(
      (strategy) => strategy.key(ask, home) !== strategy.key(ask, host),
    );
    const why =
      order < 0 && deciding
        ? `accepts it, but ${home.name} comes first: ${deciding.better(ask, home, host)}`
        : order > 0
          ? `would come first now, but ${name} stays on ${home.name}`
          : ordering.last.kind === "random"
            ? `accepts it, but ${home.name} was drawn first`
            : home.rank < host.rank
              ? `accepts it, but ${home.name} comes first by name`
              : `would come first by name now, but ${name} stays on ${home.name}`;
    return { host: host.name, verdict: "possible", reasons: [why] };
  });
  return { name, sentence: sentenceOf(name, result), hosts: verdicts };
}

function sentenceOf(name: string, result: PlanResult): string {
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
