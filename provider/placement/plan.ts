import { planNetworks } from "../ipam/plan-networks.js";
import type { Assignment, PlanInput, PlanResult } from "./model.js";
import { fastPicker, type MakePicker, placeAll } from "./place.js";

/**
 * Decides everything: the host of each request, the address plan of each network, and each request's addresses.
 * Equal input gives an equal result, in whatever order the hosts come; the order of requests is program order and
 * matters. Refusals are values: all that could be decided is there beside them.
 */
export function planAll(input: PlanInput, makePicker: MakePicker = fastPicker): PlanResult {
  const decisions = placeAll(input, makePicker);
  const addresses = planNetworks(input, decisions);
  const assignments: Record<string, Assignment> = {};
  for (const request of input.requests) {
    const decision = decisions.placed.get(request.name);
    if (!decision) continue;
    assignments[request.name] = {
      host: decision.host,
      addresses: addresses.addresses.get(request.name) ?? {},
      score: decision.score,
      reason: decision.reason,
      revision: request.revision,
    };
  }
  return {
    assignments,
    networks: addresses.networks,
    pending: { requests: decisions.pending, networks: addresses.pending },
    refusals: [...decisions.refusals, ...addresses.refusals],
  };
}
