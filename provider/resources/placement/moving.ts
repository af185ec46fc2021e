import type { Move, PlanInput, PlanResult } from "../../placement/model.js";
import { listing } from "../../placement/words.js";
import type { PlacementInputs } from "./inputs.js";

/**
 * Which container each one waits for before it moves: those of a drain or a rebalancing move one by one, in the order
 * of the program, which has dependencies first. What was decided stays while its container stays, so that a plan made
 * again from its own result is the same, and an up that was interrupted goes on in the same order.
 */
export function orderOf(
  before: Readonly<Record<string, string>>,
  input: PlanInput,
  result: PlanResult,
): Record<string, string> {
  const position = new Map(input.requests.map(({ name }, index) => [name, index]));
  const isEarlier = (after: string, name: string) =>
    (position.get(after) ?? Infinity) < (position.get(name) ?? -1);
  const order: Record<string, string> = {};
  for (const [name, after] of Object.entries(before)) {
    const host = result.assignments[name]?.host;
    const stays = host !== undefined && host === input.previous.assignments[name]?.host;
    if (stays && isEarlier(after, name)) order[name] = after;
  }
  const chain = (result.moves ?? [])
    .filter(({ cause }) => cause === "drain" || cause === "rebalance")
    .sort((a, b) => (position.get(a.name) ?? 0) - (position.get(b.name) ?? 0));
  chain.forEach(({ name }, index) => {
    const after = chain[index - 1];
    if (after) order[name] = after.name;
  });
  return order;
}

/**
 * Containers that were on a host when it was lost, and may still run there: they run elsewhere now, or have left the
 * program. One is dropped when its host and the Docker on it answer again and the new one, if there is to be one, is seen
 * to run; when it has gone back; or when its host has left the program.
 */
export function lostOf(
  before: NonNullable<PlacementInputs["lost"]>,
  input: PlanInput,
  result: PlanResult,
): NonNullable<PlacementInputs["lost"]> {
  const hosts = new Map(input.candidates.map((candidate) => [candidate.name, candidate]));
  const requested = new Set(input.requests.map(({ name }) => name));
  const lost: NonNullable<PlacementInputs["lost"]> = {};
  for (const [name, { host }] of Object.entries(before)) {
    const candidate = hosts.get(host);
    const now = result.assignments[name]?.host;
    if (!candidate || now === host) continue;
    const { notReady, pending, withoutDocker } = candidate;
    const isBack = notReady === undefined && pending !== true && withoutDocker !== true;
    const runs = now !== undefined && hosts.get(now)?.own[name] !== undefined;
    if (!isBack || (requested.has(name) && !runs)) lost[name] = { host };
  }
  if (input.replaceLost !== true) return lost;
  for (const [name, { host }] of Object.entries(input.previous.assignments)) {
    const isLost = hosts.get(host)?.lost === true;
    const stays = requested.has(name) && [host, undefined].includes(result.assignments[name]?.host);
    if (isLost && !stays) lost[name] = { host };
  }
  return lost;
}

/** What the preview says of moves that the program did not ask for one by one. */
export function movesIn(moves: readonly Move[] = []): string[] {
  const lines: string[] = [];
  for (const cause of ["drain", "rebalance", "lost"] as const) {
    const hosts = new Map<string, Move[]>();
    for (const move of moves.filter((each) => each.cause === cause)) {
      const key = cause === "rebalance" ? "" : move.from;
      hosts.set(key, [...(hosts.get(key) ?? []), move]);
    }
    for (const [host, those] of hosts) lines.push(sentence(cause, host, those));
  }
  return lines;
}

function sentence(cause: "drain" | "rebalance" | "lost", host: string, moves: Move[]): string {
  const n = moves.length;
  const what = `${n} ${n === 1 ? "container moves" : "containers move"}`;
  const how = cause === "lost" || n === 1 ? what : `${what} one by one`;
  const routes = moves.map(({ name, from, to }) =>
    cause === "rebalance" ? `${name} ${from} -> ${to}` : `${name} -> ${to}`,
  );
  const whence = { drain: `drain of ${host}`, rebalance: "rebalance", lost: `loss of ${host}` };
  return `${whence[cause]}: ${how}: ${listing(routes, 10)}`;
}
