import { planNetworks } from "../ipam/plan-networks.js";
import type { MakePicker } from "./make-picker.js";
import { fastPicker } from "./make-picker.js";
import type { Assignment, PlanInput, PlanResult } from "./model.js";
import { movesOf } from "./moves.js";
import { placeAll } from "./place.js";
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
    const { host, score, reason, devices } = decision;
    const assignment: Assignment = {
      host,
      addresses: addresses.addresses[index] ?? {},
      score,
      reason,
      revision: request.revision,
    };
    if (devices) assignment.devices = devices;
    assignments[request.name] = assignment;
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
