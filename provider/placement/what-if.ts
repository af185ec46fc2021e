import type { Candidate, Change, PlacementRequest, Plan, PlanInput, WhatIf } from "./model.js";
import { planAll } from "./plan.js";
import { survivesAnyLoss } from "./survival.js";
import { count, listing } from "./words.js";

/** The input as it would be after the changes, or why it cannot be. */
export function changedInput(
  { input, result }: Plan,
  changes: readonly Change[],
): { input: PlanInput } | { error: string } {
  const { rebalance: _, ...rest } = input;
  let changed: PlanInput = {
    ...rest,
    previous: { assignments: result.assignments, networks: result.networks },
  };
  for (const change of changes) {
    const next = applyChange(changed, change);
    if ("error" in next) return next;
    changed = next.input;
  }
  return { input: changed };
}

/**
 * The plan that would follow if all this changed, and what the changed cloud could then lose. Nothing is done.
 * An error names what a change speaks of but the cloud does not have.
 */
export function whatIf(plan: Plan, changes: readonly Change[]): WhatIf | { error: string } {
  const changed = changedInput(plan, changes);
  if ("error" in changed) return changed;
  const { input } = changed;
  const result = planAll(input);
  const before = plan.result.assignments;
  const refusedBefore = new Set(plan.result.refusals.map(({ name }) => name));
  const moves = result.moves ?? [];
  const stuck = result.stuck ?? [];
  const added = Object.entries(result.assignments)
    .filter(([name]) => !Object.hasOwn(before, name))
    .map(([name, { host }]) => ({ name, host }));
  const names = new Set(input.requests.map(({ name }) => name));
  const removed = Object.keys(before).filter((name) => !names.has(name));
  const refusals = result.refusals.filter(({ name }) => !refusedBefore.has(name));
  const survival = survivesAnyLoss({ input, result });
  const effects = [
    ...(moves.length > 0
      ? [`${count(moves.length, "container")} ${moves.length === 1 ? "moves" : "move"}`]
      : []),
    ...(added.length > 0 ? [`${added.length} ${added.length === 1 ? "comes" : "come"}`] : []),
    ...(removed.length > 0 ? [`${removed.length} ${removed.length === 1 ? "goes" : "go"}`] : []),
    ...(stuck.length > 0
      ? [`${stuck.length} cannot leave (${listing(stuck.map(({ name }) => name))})`]
      : []),
    ...(refusals.length > 0
      ? [
          `${refusals.length} ${refusals.length === 1 ? "has" : "have"} no host (${listing(refusals.map(({ name }) => name))})`,
        ]
      : []),
  ];
  const what = effects.length > 0 ? effects.join(", ") : "nothing moves";
  const sentence = `${changes.map(changeText).join(", ")}: ${what}; ${survival.sentence}`;
  return { input, result, moves, stuck, added, removed, refusals, survival, sentence };
}

function applyChange(input: PlanInput, change: Change): { input: PlanInput } | { error: string } {
  switch (change.kind) {
    case "removeHost":
      return onHost(input, change.host, () => []);
    case "loseHost": {
      const notReady = "cannot be reached: it is lost in this trial";
      const lost = onHost(input, change.host, (host) => [
        { ...host, own: {}, lost: true, notReady },
      ]);
      return "error" in lost ? lost : { input: { ...lost.input, replaceLost: true } };
    }
    case "drainHost":
      return onHost(input, change.host, (host) => [{ ...host, drain: true }]);
    case "addHosts":
      return addHosts(input, change);
    case "scale":
      return scale(input, change);
    case "rebalance": {
      const { maxMoves } = change;
      return { input: { ...input, rebalance: maxMoves === undefined ? {} : { maxMoves } } };
    }
  }
}

function onHost(
  input: PlanInput,
  name: string,
  change: (host: Candidate) => Candidate[],
): { input: PlanInput } | { error: string } {
  if (!input.candidates.some((host) => host.name === name)) {
    return { error: `${name} is not a host of the cloud` };
  }
  const candidates = input.candidates.flatMap((host) =>
    host.name === name ? change(host) : [host],
  );
  return { input: { ...input, candidates } };
}

function addHosts(
  input: PlanInput,
  { count: wanted, like, shape = {} }: Extract<Change, { kind: "addHosts" }>,
): { input: PlanInput } | { error: string } {
  if (!isCount(wanted) || wanted < 1) return { error: `${wanted} is no number of hosts to add` };
  const model =
    like === undefined ? input.candidates[0] : input.candidates.find(({ name }) => name === like);
  if (!model)
    return {
      error:
        like === undefined ? "the cloud has no host to copy" : `${like} is not a host of the cloud`,
    };
  const names = new Set(input.candidates.map(({ name }) => name));
  const base = shape.name ?? `${model.name.replace(/\d+$/, "")}new`;
  const added: Candidate[] = [];
  for (let number = 1; added.length < wanted; number++) {
    const name = shape.name !== undefined && wanted === 1 ? base : `${base}${number}`;
    if (names.has(name)) {
      if (name === base) return { error: `there is a host ${name} already` };
      continue;
    }
    const labels = { ...model.labels, ...shape.labels };
    added.push({ ...empty(model), ...shape, labels, name });
  }
  return { input: { ...input, candidates: [...input.candidates, ...added] } };
}

/** A host of the same make with nothing on it. */
function empty(host: Candidate): Candidate {
  const {
    notReady: _,
    lost: __,
    drain: ___,
    pending: ____,
    underlay: _____,
    volumesUnknown: ______,
    ...rest
  } = host;
  return {
    ...rest,
    others: [],
    own: {},
    networks: [],
    volumes: [],
    ownNetworks: {},
    usedAddresses: {},
    ...(host.usage ? { usage: { cpu: 0, memory: 0, ageSeconds: 0 } } : {}),
  };
}

/** More replicas are copies of the last one; fewer: the last ones go. */
function scale(
  input: PlanInput,
  { type, count: wanted, application }: Extract<Change, { kind: "scale" }>,
): { input: PlanInput } | { error: string } {
  if (!isCount(wanted)) return { error: `${wanted} is no number of containers` };
  const all = input.requests.filter(
    (request) =>
      request.type === type && (application === undefined || request.application === application),
  );
  const last = all.at(-1);
  if (!last) return { error: `there is no container of type ${type}` };
  const applications = new Set(all.map((request) => request.application));
  if (applications.size > 1) {
    return { error: `type ${type} is in ${listing([...applications])}: name the application` };
  }
  if (wanted <= all.length) {
    const gone = new Set(all.slice(wanted));
    return { input: { ...input, requests: input.requests.filter((each) => !gone.has(each)) } };
  }
  const names = new Set(input.requests.map(({ name }) => name));
  const stem = last.name.replace(/-?\d+$/, "");
  const copies: PlacementRequest[] = [];
  for (let number = 0; copies.length < wanted - all.length; number++) {
    const name = `${stem}-${number}`;
    if (names.has(name)) continue;
    const networks = last.networks.map(({ network, aliases }) => ({ network, aliases }));
    copies.push({ ...last, name, networks });
  }
  const at = input.requests.indexOf(last) + 1;
  const requests = [...input.requests.slice(0, at), ...copies, ...input.requests.slice(at)];
  return { input: { ...input, requests } };
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

/** `remove h2`, `scale web to 40`: a change as it is written. */
export function changeText(change: Change): string {
  switch (change.kind) {
    case "removeHost":
      return `remove ${change.host}`;
    case "loseHost":
      return `lose ${change.host}`;
    case "drainHost":
      return `drain ${change.host}`;
    case "addHosts":
      return `add ${count(change.count, "host")}${change.like === undefined ? "" : ` like ${change.like}`}`;
    case "scale":
      return `scale ${change.type}${change.application === undefined ? "" : ` of ${change.application}`} to ${change.count}`;
    case "rebalance":
      return `rebalance${change.maxMoves === undefined ? "" : ` ${change.maxMoves}`}`;
  }
}
