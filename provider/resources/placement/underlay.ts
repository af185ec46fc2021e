import type { Machine } from "../../host/observe-script.js";
import type { Candidate } from "../../placement/model.js";

/** How others reach a machine: at its private address, if it has one, by the link that has it. */
export function underlayOf(
  { underlay, mtus, routes }: Machine,
  privateAddress: string | undefined,
): NonNullable<Candidate["underlay"]> {
  const address = privateAddress ?? underlay.address;
  return {
    address,
    mtu: mtus[address] ?? underlay.mtu,
    routes: routes.map(({ cidr }) => cidr),
  };
}
