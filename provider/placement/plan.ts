import { planNetworks } from "../ipam/plan-networks.js";
import type { Decision } from "./decisions.js";
import type { MakePicker } from "./make-picker.js";
import { fastPicker } from "./make-picker.js";
import type { Assignment, PlanInput, PlanResult } from "./model.js";
import { movesOf } from "./moves.js";
import { placeAll } from "./place.js";
import { sameData } from "./same-data.js";
import { supplyOf } from "./supply.js";

/**
 * Decides everything: the host of each request, the address plan of each network, and each request's addresses.
 * Equal input gives an equal result, in whatever order the hosts come; the order of requests is program order and
 * matters. Refusals are values: all that could be decided is there beside them.
 */
export function planAll(input: PlanInput, makePicker: MakePicker = fastPicker): PlanResult {
  const decisions = placeAll(input, makePicker);
  const addresses = planNetworks(input, decisions);
  const assignments: Record<string, Assignment> = {};
  input.requests.forEach((request, index) => {
    const decision = decisions.placed[index];
    if (!decision) return;
    const { name, revision } = request;
    const own = addresses.addresses[index];
    assignments[name] = unchanged(decision, own, revision) ?? toAssignment(decision, own, revision);
  });
  const moves = movesOf(input, decisions);
  return {
    assignments,
    networks: addresses.networks,
    addedNames: addresses.addedNames,
    pending: { requests: decisions.pending, networks: addresses.pending },
    refusals: [...decisions.refusals, ...addresses.refusals],
    ...(moves.length > 0 ? { moves } : {}),
    ...(decisions.stuck.length > 0 ? { stuck: decisions.stuck } : {}),
    ...(input.supply ? { supply: supplyOf(input, input.supply) } : {}),
  };
}

const NO_ADDRESSES: Assignment["addresses"] = {};

function toAssignment(
  { host, score, reason, devices }: Decision,
  addresses: Assignment["addresses"] = {},
  revision: string,
): Assignment {
  return { host, addresses, score, reason, revision, ...(devices ? { devices } : {}) };
}

/** The assignment of the previous plan, if this one says the same. */
function unchanged(
  decision: Decision | Assignment,
  addresses: Assignment["addresses"] = NO_ADDRESSES,
  revision: string,
): Assignment | undefined {
  return "addresses" in decision &&
    decision.revision === revision &&
    sameData(decision.addresses, addresses)
    ? decision
    : undefined;
}
