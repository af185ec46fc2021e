import type { PlacementRequest } from "../placement/model.js";
import { sortAddresses } from "./cidr.js";

/** Whoever has names on networks. */
type Named = Pick<PlacementRequest, "name" | "networks">;

/** What a name server can be asked for: letters, digits, hyphens and underscores, at most 63. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

export function isDnsLabel(name: string): boolean {
  return LABEL.test(name);
}

/**
 * Checks the names that requests have on a network: each valid, no two requests of the same name (upper and lower
 * case are one), and no alias that is the name of another request. Several requests may share an alias. The names of
 * `earlier` requests are on the network already: nothing new is said of them alone.
 */
export function checkNames(
  network: string,
  requests: readonly Named[],
  earlier: readonly Named[] = [],
): string[] {
  if (earlier.length > 0) {
    const known = new Set(checkNames(network, earlier));
    return checkNames(network, [...earlier, ...requests]).filter((problem) => !known.has(problem));
  }
  const problems: string[] = [];
  const owners = new Map<string, string>();
  for (const { name, networks } of requests) {
    if (!networks.some((each) => each.network === network)) continue;
    const known = owners.get(name.toLowerCase());
    if (known !== undefined) {
      problems.push(`network ${network}: ${known} and ${name} are the same name there`);
    } else if (!isDnsLabel(name)) {
      problems.push(`network ${network}: ${name} cannot be a name there; ${RULE}`);
    }
    owners.set(name.toLowerCase(), name);
  }
  for (const { name, networks } of requests) {
    for (const attachment of networks) {
      if (attachment.network !== network) continue;
      for (const alias of attachment.aliases) {
        const owner = owners.get(alias.toLowerCase());
        if (!isDnsLabel(alias)) {
          problems.push(`network ${network}: alias ${alias} of ${name} cannot be a name; ${RULE}`);
        } else if (owner !== undefined && owner !== name) {
          problems.push(`network ${network}: alias ${alias} of ${name} is the name of ${owner}`);
        }
      }
    }
  }
  return problems;
}

const RULE = "use letters, digits, - and _, at most 63, not beginning or ending with -";

/** Each name and the addresses it stands for, sorted: a container's own name and its aliases. */
export function recordsOf(
  network: string,
  requests: readonly Named[],
  addresses: readonly (Readonly<Record<string, string>> | undefined)[],
): Record<string, string[]> {
  const records = new Map<string, string[]>();
  requests.forEach(({ name, networks }, index) => {
    const address = addresses[index]?.[network];
    if (address === undefined) return;
    for (const attachment of networks) {
      if (attachment.network !== network) continue;
      for (const each of [name, ...attachment.aliases]) {
        const known = records.get(each.toLowerCase());
        if (known) known.push(address);
        else records.set(each.toLowerCase(), [address]);
      }
    }
  });
  return Object.fromEntries(
    [...records.keys()].sort().map((name) => {
      const known = records.get(name) ?? [];
      return [name, known.length > 1 ? sortAddresses([...new Set(known)]) : known];
    }),
  );
}
