import { findContainer, type CloudState } from "./state.js";
import { networkViews } from "./net-model.js";

/** Where a packet begins or ends. */
export type End =
  | { kind: "container"; name: string; host: string; id: string }
  | { kind: "host"; name: string; address: string }
  | { kind: "machine"; name: string }
  | { kind: "outside"; name: string };

/** The end that a user names: a container, a host, a machine on a network, or `outside`. @throws CloudError that lists the names */
export function endOf(cloud: CloudState, name: string): End {
  if (name === "outside") return { kind: "outside", name };
  if (networkViews(cloud).some(({ machines }) => machines.some((each) => each.name === name)))
    return { kind: "machine", name };
  const address = addressOfHost(cloud, name);
  if (address !== undefined) return { kind: "host", name, address };
  const { id, state, name: full } = findContainer(cloud, name);
  return { kind: "container", name: full, host: state.place.host, id };
}

/** Where the other hosts reach a host; undefined where the state does not say. */
export function addressOfHost(cloud: CloudState, name: string): string | undefined {
  const known = cloud.hosts.find((host) => host.name === name)?.state.facts.underlayAddress;
  if (known !== undefined) return known;
  for (const { hosts } of cloud.networks) {
    const found = hosts.find((host) => host.name === name);
    if (found) return found.underlay;
  }
  return undefined;
}

export type Of<Kind extends End["kind"]> = Extract<End, { kind: Kind }>;
export type Member = Of<"container"> | Of<"machine">;

/** On a network itself, and not by way of a host. */
export function isMember(end: End): end is Member {
  return end.kind === "container" || end.kind === "machine";
}
