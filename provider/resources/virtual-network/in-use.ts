import { containsAddress, parseAddress, parseCidr } from "../../ipam/cidr.js";
import type { CheckFailure } from "../../lifecycle.js";
import { hasUnknown } from "../../unknown.js";
import { fitsBeside, replacedKeys } from "./diff.js";
import type { NetworkHost, VirtualNetworkInputs } from "./inputs.js";

/** Containers named in a refusal. */
const SHOWN = 3;

/**
 * A network that has to go before its replacement can come does not go under its containers, and would be left as it is in the middle of
 * the up. So that is said before: what cannot be changed while they are on it.
 */
export function inUseProblems(
  olds: Partial<VirtualNetworkInputs>,
  news: VirtualNetworkInputs,
): CheckFailure[] {
  if (!isComplete(olds) || fitsBeside(olds, news)) return [];
  const containers = containersOn(olds);
  if (containers.length === 0) return [];
  const more = containers.length > SHOWN ? ` and ${containers.length - SHOWN} more` : "";
  const reason = `cannot be changed while containers are on the network (${containers.slice(0, SHOWN).join(", ")}${more}): make another network, move them there in one up, and remove this one in the next`;
  // Its owner is not the program's to change: other names are aliases.
  return replacedKeys(olds, news)
    .filter((property) => property !== "meta")
    .map((property) => ({ property, reason }));
}

/** What an earlier up was given; nothing of it is there for a new network. */
function isComplete(olds: Partial<VirtualNetworkInputs>): olds is VirtualNetworkInputs {
  return olds.hosts !== undefined && olds.records !== undefined && !hasUnknown(olds);
}

/** The first name of each address that no machine has. */
function containersOn({ records, hosts }: VirtualNetworkInputs): string[] {
  const taken = new Set(hosts.filter(({ machine }) => machine).map(({ gateway }) => gateway));
  return namesWhere(records, (address) => !taken.has(address));
}

/** Containers that the network has names for on one host. */
export function namesOn(
  records: VirtualNetworkInputs["records"],
  { block, extra = [] }: NetworkHost,
): string[] {
  const range = parseCidr(block);
  return namesWhere(records, (text) => {
    const address = parseAddress(text);
    const isInside =
      range !== undefined && address !== undefined && containsAddress(range, address);
    return isInside || extra.includes(text);
  });
}

/** By IPv4 alone: everybody has such an address, and IPv6 is its twin. */
function namesWhere(
  records: VirtualNetworkInputs["records"],
  isMeant: (address: string) => boolean,
): string[] {
  const names = new Map<string, string>();
  for (const [name, both] of Object.entries(records)) {
    const addresses = both.filter((address) => !address.includes(":"));
    for (const address of addresses) {
      // Several share an alias; a container's own name has one address.
      if (isMeant(address) && (addresses.length === 1 || !names.has(address)))
        names.set(address, name);
    }
  }
  return [...new Set(names.values())].sort();
}
