import type { HostConnection } from "../../host/connection.js";
import type { HostSnapshot, ObserveOptions } from "../../host/observe.js";
import type { CheckFailure, CheckResult, Meta } from "../../lifecycle.js";
import { planAll, type PlanInput, type PlanResult } from "../../placement/index.js";
import { hasUnknown, isUnknown, UNKNOWN } from "../../unknown.js";
import type { PlacementInputs } from "./inputs.js";
import { toAllocations, toAssignments } from "./leaves.js";
import { askableHosts, toPlanInput } from "./plan-input.js";
import { validateInputs } from "./validate.js";

/** What `check` needs of the world. */
export interface PlanWorld {
  observe(
    connections: readonly HostConnection[],
    options: ObserveOptions,
  ): Promise<readonly HostSnapshot[]>;
  warn(message: string, meta: Meta): Promise<void>;
}

/**
 * `check` of the plan: the one place where hosts and addresses are chosen. It refuses bad inputs before any host is
 * asked, looks at all hosts once and at the same time, and puts what it decides into the inputs, where preview, the
 * containers and the next update find it. Nothing that was observed gets there by itself.
 */
export function makeCheck(world: PlanWorld) {
  return async (
    olds: Partial<PlacementInputs>,
    news: PlacementInputs,
  ): Promise<CheckResult<PlacementInputs>> => {
    const failures = validateInputs(news);
    if (failures.length > 0) return { inputs: news, failures };
    if (NEEDED.some((key) => isUnknown(news[key])) || VITAL.some((key) => hasUnknown(news[key]))) {
      const unknown = UNKNOWN as never;
      return { inputs: { ...news, assignments: unknown, allocations: unknown } };
    }
    const hosts = askableHosts(news.hosts);
    const snapshots = await world.observe(
      hosts.map(({ connection }) => connection),
      { timeoutMs: (isUnknown(news.observeTimeout) ? 10 : news.observeTimeout) * 1000 },
    );
    // A snapshot goes by the connection's name; the plan by the host's.
    const named = snapshots.map((snapshot, i) => ({
      ...snapshot,
      name: hosts[i]?.name ?? snapshot.name,
    }));
    const input = toPlanInput(olds, news, named);
    const result = planAll(input);
    const warnings = [...warningsOf(input, result), ...namelessOf(input)];
    for (const warning of warnings) await world.warn(warning, news.meta);
    return {
      inputs: {
        ...news,
        assignments: toAssignments(news, input, result),
        allocations: toAllocations(news, input, result),
      },
      failures: refusalsOf(result),
    };
  };
}

/** Lists without which nothing can be said at all. */
const NEEDED = ["hosts", "requests", "networks", "earlier"] as const;
/** Values that every decision depends on. */
const VITAL = ["cloud", "constraints", "strategies", "pool"] as const;

/** One failure for each refusal, at the list where its subject stands. */
function refusalsOf(result: PlanResult): CheckFailure[] {
  return result.refusals.map(({ about, sentence }) => ({
    property: about === "request" ? "requests" : "networks",
    reason: sentence,
  }));
}

/** What lies on a host that cannot be seen stays there; users are told. */
export function warningsOf(input: PlanInput, result: PlanResult): string[] {
  return input.candidates.flatMap(({ name, notReady }) => {
    if (notReady === undefined) return [];
    const there = input.requests
      .filter((request) => result.assignments[request.name]?.host === name)
      .map((request) => request.name);
    const what = there.length === 0 ? "nothing new is placed there" : `${listed(there)} there`;
    return [`host ${name} ${notReady}; ${what}`];
  });
}

/** The names of a network are written with it, so those of containers that were requested later are not among them. */
export function namelessOf({ requests, networks, given }: PlanInput): string[] {
  const own = new Set(networks.map(({ name }) => name));
  return Object.keys(given?.networks ?? {}).flatMap((network) => {
    const late = requests.filter((request) =>
      request.networks.some((each) => each.network === network),
    );
    if (own.has(network) || late.length === 0) return [];
    const names = `${late
      .slice(0, 5)
      .map(({ name }) => name)
      .join(", ")}${late.length > 5 ? ` and ${late.length - 5} more` : ""}`;
    return [
      `${names} ${late.length === 1 ? "joins" : "join"} network ${network} after an await of the program: ` +
        `reached there by address only, the name does not resolve. Make ${network} and its containers without waiting in between`,
    ];
  });
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return `${shown}${more} ${names.length === 1 ? "stays" : "stay"}`;
}
