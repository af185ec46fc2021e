import type { HostConnection } from "../../host/connection.js";
import { giveUpForNow } from "../../host/lost-hosts.js";
import { notePolicies } from "../../host/unreachable-policy.js";
import type { HostSnapshot, ObserveOptions } from "../../host/observe.js";
import type { CheckFailure, CheckResult, Meta } from "../../lifecycle.js";
import { leavingUnderOthers } from "../../ipam/in-use.js";
import { planAll, type PlanInput, type PlanResult } from "../../placement/index.js";
import { hasUnknown, isUnknown, UNKNOWN } from "../../unknown.js";
import { compileFunctions } from "./functions.js";
import type { PlacementInputs } from "./inputs.js";
import { changedByUse, readAnew } from "./live-use.js";
import { toAddedNames, toAllocations, toAssignments, toHostSupply } from "./leaves.js";
import { hostsLeft, lostOf, movesIn, orderOf, waitingIn } from "./moving.js";
import { askableHosts, askableMachines, toPlanInput } from "./plan-input.js";
import { isStartedByUp, splitPreparing, startedByUp } from "./preparing.js";
import { noteContainers } from "./seen-containers.js";
import { noteTakingOver } from "./successions.js";
import { validateInputs } from "./validate.js";
import { whatToObserve } from "./why.js";

/** What `check` needs of the world. */
export interface PlanWorld {
  observe(
    connections: readonly HostConnection[],
    options: ObserveOptions,
  ): Promise<readonly HostSnapshot[]>;
  warn(message: string, meta: Meta): Promise<void>;
  /** An information under the preview's diagnostics. */
  inform(message: string, meta: Meta): Promise<void>;
  /** Removes what still runs on a host that was lost. Says what it removed. */
  removeLeftover(connection: HostConnection, owner: string): Promise<string[]>;
}

/**
 * `check` of the plan: the one place where hosts and addresses are chosen. It refuses bad inputs before any host is
 * asked, looks at all hosts once and at the same time, and puts what it decides into the inputs, where preview, the
 * containers and the next update find it. Nothing that was observed gets there by itself.
 */
export function makeCheck(world: PlanWorld) {
  return async (
    olds: Partial<PlacementInputs>,
    given: PlacementInputs,
  ): Promise<CheckResult<PlacementInputs>> => {
    const { news, preparing } = splitPreparing(given);
    const failures = validateInputs(news);
    if (failures.length > 0) return { inputs: news, failures };
    if (NEEDED.some((key) => isUnknown(news[key])) || VITAL.some((key) => hasUnknown(news[key]))) {
      const unknown = UNKNOWN as never;
      return { inputs: { ...news, assignments: unknown, allocations: unknown, names: unknown } };
    }
    const { functions, failures: unloadable } = compileFunctions(news.functions);
    if (unloadable.length > 0) return { inputs: news, failures: unloadable };
    const withDocker = askableHosts(news.hosts);
    const machines = askableMachines(news.networks);
    const hosts = [...withDocker, ...machines];
    notePolicies(hosts.map(({ connection }) => connection));
    const wanted = whatToObserve(news);
    const { usage: _, images: __, ports: ___, ...briefly } = wanted;
    const unsteady = readAnew(wanted);
    if (unsteady !== undefined) await world.warn(unsteady, news.meta);
    const snapshots = await observeAll(world, [
      [withDocker, wanted],
      // nothing runs there for the cloud
      ...(machines.length === 0 ? [] : [[machines, briefly] as const]),
    ]);
    // A snapshot goes by the connection's name; the plan by the host's.
    const named = snapshots.map((snapshot, i) => ({
      ...snapshot,
      name: hosts[i]?.name ?? snapshot.name,
    }));
    const startsLater = named.filter((host) => isStartedByUp(host, preparing));
    for (const { name } of startsLater) await world.inform(startedByUp(name), news.meta);
    const seen = named.filter((host) => !startsLater.includes(host));
    const input = toPlanInput(olds, news, seen, functions);
    const result = planAll(input);
    for (const line of movesIn(result.moves)) await world.inform(line, news.meta);
    for (const warning of warningsOf(input, result)) await world.warn(warning, news.meta);
    const changed = changedByUse(input, result);
    if (changed !== undefined) await world.inform(changed, news.meta);
    const lost = lostOf(known(olds.lost), input, result);
    for (const line of waitingIn(lost, input, result)) await world.warn(line, news.meta);
    const decided = decisions(olds, news, input, result, lost);
    if (news.replaceLost === true) giveUpUnreachable(hosts, named, lost);
    noteTakingOver(news, hosts, named, input, result);
    noteContainers(news, withDocker, named, { ...known(olds.lost), ...lost });
    return {
      inputs: { ...news, ...decided },
      failures: refusalsOf(result),
    };
  };
}

/** Looks at groups of hosts at the same time; answers in their order. */
async function observeAll(
  world: PlanWorld,
  groups: readonly (readonly [readonly { connection: HostConnection }[], ObserveOptions])[],
): Promise<HostSnapshot[]> {
  const seen = await Promise.all(
    groups.map(([hosts, options]) =>
      world.observe(
        hosts.map(({ connection }) => connection),
        options,
      ),
    ),
  );
  return seen.flat();
}

/** What the plan puts into its inputs; what there is nothing to say of is left out. */
function decisions(
  olds: Partial<PlacementInputs>,
  news: PlacementInputs,
  input: PlanInput,
  result: PlanResult,
  lost: NonNullable<PlacementInputs["lost"]>,
): Partial<PlacementInputs> {
  const order = orderOf(known(olds.order), input, result);
  const assignments = toAssignments(news, input, result);
  const names = toAddedNames(news, input, result, assignments);
  return {
    assignments,
    allocations: toAllocations(news, input, result, assignments),
    ...(Object.keys(names).length > 0 ? { names } : {}),
    ...(Object.keys(order).length > 0 ? { order } : {}),
    ...(Object.keys(lost).length > 0 ? { lost } : {}),
    ...toHostSupply(input, result),
  };
}

function known<T>(record: Record<string, T> | undefined): Record<string, T> {
  return record === undefined || hasUnknown(record) ? {} : record;
}

function giveUpUnreachable(
  hosts: readonly { connection: HostConnection }[],
  snapshots: readonly HostSnapshot[],
  lost: NonNullable<PlacementInputs["lost"]>,
): void {
  snapshots.forEach((snapshot, i) => {
    const host = hosts[i];
    if (!host || snapshot.reachable || snapshot.problem.code !== "unreachable") return;
    const counted = Object.entries(lost)
      .filter(([, entry]) => hostsLeft(entry).includes(snapshot.name))
      .map(([name]) => name);
    giveUpForNow(host.connection, counted);
  });
}

/** Lists without which nothing can be said at all. */
const NEEDED = ["hosts", "requests", "networks", "earlier"] as const;
/** Values that every decision depends on. */
const VITAL = ["cloud", "constraints", "strategies", "pool"] as const;

/** One failure for each refusal; the sentence names its subject. */
function refusalsOf(result: PlanResult): CheckFailure[] {
  return result.refusals.map(({ sentence }) => ({ property: "", reason: sentence }));
}

/**
 * What lies on a host that cannot be seen stays there, and so may what is to leave one, or a network that others are on; users
 * are told.
 */
export function warningsOf(input: PlanInput, result: PlanResult): string[] {
  const stuck = (result.stuck ?? []).map(({ sentence }) => sentence);
  return [...unseen(input, result), ...stuck, ...leavingUnderOthers(input)];
}

function unseen(input: PlanInput, result: PlanResult): string[] {
  return input.candidates.flatMap(({ name, notReady }) => {
    if (notReady === undefined) return [];
    const there = input.requests
      .filter((request) => result.assignments[request.name]?.host === name)
      .map((request) => request.name);
    const what = there.length === 0 ? "nothing new is placed there" : `${listed(there)} there`;
    return [`host ${name} ${notReady}; ${what}`];
  });
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return `${shown}${more} ${names.length === 1 ? "stays" : "stay"}`;
}
