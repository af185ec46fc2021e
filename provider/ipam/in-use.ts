import type { NetworkAllocation, PlanInput } from "../placement/model.js";
import { listing } from "../placement/words.js";
import type { DriverName } from "./driver-facts.js";

/** What a plan made in the beginning says of no driver. */
const FIRST_DRIVER: DriverName = "vxlan";

/**
 * Another range or driver makes another network in the place of the old one, which does not go under the containers of
 * others: refused, with their names. Those of this stack go and come back with it, or are refused by the network itself.
 */
export function replacedUnderOthers(
  name: string,
  input: PlanInput,
  { cidr, driver = FIRST_DRIVER }: Pick<NetworkAllocation, "cidr" | "driver">,
): string | undefined {
  const before = input.previous.networks[name];
  if (!before) return undefined;
  const { driver: driven = FIRST_DRIVER } = before;
  const changes = [
    ...(before.cidr === cidr ? [] : [`range ${before.cidr} to ${cidr}`]),
    ...(driven === driver ? [] : [`driver ${driven} to ${driver}`]),
  ];
  const others = othersOn(name, input);
  if (changes.length === 0 || others.length === 0) return undefined;
  return (
    `network ${name}: it cannot change from ${changes.join(", and from ")} while containers that are not of this stack ` +
    `are on it (${listing(others)}): detach or remove them first`
  );
}

/** One sentence for each network that leaves while containers of others are on it: nothing but they is in the way. */
export function leavingUnderOthers(input: PlanInput): string[] {
  const stays = new Set([
    ...input.networks.map(({ name }) => name),
    ...Object.keys(input.given?.networks ?? {}),
  ]);
  return Object.keys(input.previous.networks)
    .filter((name) => !stays.has(name))
    .flatMap((name) => {
      const others = othersOn(name, input);
      if (others.length === 0) return [];
      return [
        `network ${name} leaves, and containers that are not of this stack are on it (${listing(others)}): ` +
          "up cannot remove it before they are detached or gone",
      ];
    });
}

/** `debug on h1`, as far as hosts were seen. */
function othersOn(network: string, { candidates, seed }: PlanInput): string[] {
  const owner = `${seed}/${network}`;
  return candidates.flatMap(({ name: host, others }) =>
    others
      .filter((each) => !each.owner.startsWith(`${seed}/`) && each.networks?.includes(owner))
      .map(({ name }) => `${name} on ${host}`),
  );
}
