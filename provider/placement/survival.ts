import { dataOf } from "./data.js";
import type { HostLoss, Plan, PlanInput, PlanResult, Survival } from "./model.js";
import { movesOf } from "./moves.js";
import { placeAll } from "./place.js";
import { count, listing } from "./words.js";

/**
 * Whether everything still has a place when one host is gone: what lies there is placed anew on the others, all else
 * stays. A container with data on the host is lost with it. It costs one replanning of the cloud.
 */
export function survivesLossOf(plan: Plan, host: string): HostLoss {
  const { input, result } = plan;
  const mine = input.requests.filter(({ name }) => result.assignments[name]?.host === host);
  const losses: HostLoss["losses"] = mine.flatMap((request) => {
    const { name } = request;
    const data = dataOf(request);
    return data === undefined
      ? []
      : [{ name, sentence: `${name} would be lost: its ${data} is on ${host}` }];
  });
  const lost = new Set(losses.map(({ name }) => name));
  const next = without(host, input, result, lost);
  const decisions = placeAll(next);
  const before = new Set(result.refusals.map(({ name }) => name));
  for (const { name, sentence } of decisions.refusals) {
    if (!before.has(name)) losses.push({ name, sentence });
  }
  return { host, survives: losses.length === 0, moves: movesOf(next, decisions), losses };
}

/** The same for every host that something lies on, or could. */
export function survivesAnyLoss(plan: Plan): Survival {
  const hosts = plan.input.candidates
    .filter(({ pending }) => pending !== true)
    .map(({ name }) => survivesLossOf(plan, name));
  const fatal = hosts.filter(({ survives }) => !survives);
  const [first] = fatal;
  const sentence = !first
    ? hosts.length === 0
      ? "the cloud has no hosts to lose"
      : "the cloud survives the loss of any one host"
    : `the cloud does not survive the loss of ${any(fatal.map(({ host }) => host))}: ${lossText(first)}`;
  return { survives: fatal.length === 0, hosts, sentence };
}

/** One of them at a time. */
function any(hosts: readonly string[]): string {
  return listing(hosts, 3, "or");
}

function lossText({ host, losses }: HostLoss): string {
  const names = listing(losses.map(({ name }) => name));
  return `without ${host} ${count(losses.length, "container")} ${losses.length === 1 ? "has" : "have"} no place (${names})`;
}

/** The world without the host: everything else as the plan has it. */
function without(
  host: string,
  input: PlanInput,
  result: PlanResult,
  lost: ReadonlySet<string>,
): PlanInput {
  const { rebalance: _, supply: __, ...rest } = input;
  return {
    ...rest,
    candidates: input.candidates.filter(({ name }) => name !== host),
    requests: input.requests.filter(({ name }) => !lost.has(name)),
    previous: { assignments: result.assignments, networks: result.networks },
  };
}
