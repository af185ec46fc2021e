import type { Candidate, Move, PlanInput, PlanResult } from "../../placement/model.js";
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

type Lost = Record<string, { hosts: string[] }>;

/** The hosts on which a container was left, whichever version wrote them down. */
export function hostsLeft(entry: NonNullable<PlacementInputs["lost"]>[string]): string[] {
  return "hosts" in entry ? entry.hosts : [entry.host];
}

/**
 * Containers that were on a host when it was lost, and may still run there: they run elsewhere now, or have left the
 * program. A host is dropped when it and the Docker on it answer again and the new one, if there is to be one, is seen
 * to run and to be well; when the container has gone back; or when the host has left the program.
 */
export function lostOf(
  before: NonNullable<PlacementInputs["lost"]>,
  input: PlanInput,
  result: PlanResult,
): Lost {
  const hosts = new Map(input.candidates.map((candidate) => [candidate.name, candidate]));
  const requested = new Set(input.requests.map(({ name }) => name));
  const lost: Lost = {};
  const leave = (name: string, host: string) => {
    const { hosts: others } = (lost[name] ??= { hosts: [] });
    if (!others.includes(host)) others.push(host);
  };
  for (const [name, entry] of Object.entries(before)) {
    const now = result.assignments[name]?.host;
    const own = now === undefined ? undefined : hosts.get(now)?.own[name];
    const isServed = own !== undefined && own.unready !== true;
    for (const host of hostsLeft(entry)) {
      const candidate = hosts.get(host);
      if (!candidate || now === host) continue;
      if (!isBack(candidate) || (requested.has(name) && !isServed)) leave(name, host);
    }
  }
  if (input.replaceLost !== true) return lost;
  for (const [name, { host }] of Object.entries(input.previous.assignments)) {
    const isLost = hosts.get(host)?.lost === true;
    const stays = requested.has(name) && [host, undefined].includes(result.assignments[name]?.host);
    if (isLost && !stays) leave(name, host);
  }
  return lost;
}

function isBack({ notReady, pending, withoutDocker }: Candidate): boolean {
  return notReady === undefined && pending !== true && withoutDocker !== true;
}

/** What was left on a host that is back stays there for the time being: why. */
export function waitingIn(lost: Lost, input: PlanInput, result: PlanResult): string[] {
  const hosts = new Map(input.candidates.map((candidate) => [candidate.name, candidate]));
  return Object.entries(lost).flatMap(([name, entry]) => {
    const now = result.assignments[name]?.host;
    if (now === undefined || hosts.get(now)?.own[name]?.unready !== true) return [];
    const back = entry.hosts.filter((host) => {
      const candidate = hosts.get(host);
      return candidate?.own[name] !== undefined && isBack(candidate);
    });
    return back.map(
      (host) =>
        `${name} is not well on ${now}: what it left on ${host}, which is back, stays until it is`,
    );
  });
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
