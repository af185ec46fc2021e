import type { HostSnapshot } from "../../host/observe.js";
import type { MachineRequest } from "../../placement/model.js";
import { isUnknown } from "../../unknown.js";
import { whyNot } from "./candidate.js";
import type { PlanMachine } from "./inputs.js";
import { underlayOf } from "./underlay.js";

/** A machine as planning sees it: what the program says, over what was observed; not observed means it is yet to be made. */
export function toMachine(
  { name, aliases, address, privateAddress }: PlanMachine,
  snapshot: HostSnapshot | undefined,
): MachineRequest {
  const request: MachineRequest = {
    name,
    aliases,
    ...(address === undefined ? {} : { address }),
  };
  if (snapshot === undefined) return { ...request, pending: true };
  if (!snapshot.reachable) return { ...request, notReady: whyNot(snapshot.problem.message, name) };
  const reachedAt = isUnknown(privateAddress) ? undefined : privateAddress;
  return { ...request, underlay: underlayOf(snapshot.machine, reachedAt) };
}
