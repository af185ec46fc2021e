import { isUnreachable } from "../../errors.js";
import type { HostConnection } from "../../host/connection.js";
import type { ContainerInspect } from "../../host/docker-types.js";
import { wayTo } from "../../host/lost-hosts.js";
import { ownerOf } from "../../host/ownership.js";
import { transportFor } from "../../host/pool.js";
import { targetsOfPorts } from "../../network/open-ports.js";
import { seenContainers } from "../seen-containers.js";
import { whoHasNames } from "../successions.js";
import { generationIn } from "./names.js";
import { isHeld } from "./replaced.js";
import type { Work } from "./work.js";

/**
 * The engine may still have to delete a container that was replaced before, or it has let go of it: its host was forgotten, or it
 * was taken out of the state by hand. A provider is not told which. It is removed where that makes no difference: the names led to another
 * one before this run, and every host of its networks says that no port leads to it. The engine's own deletion then finds it gone.
 */
export async function isLetGo(
  { inputs, owner, predecessors }: Work,
  other: ContainerInspect,
  connection: HostConnection,
): Promise<boolean> {
  const generation = generationIn(other.Name, inputs.meta) ?? "";
  if (generation === predecessors.generation || isHeld(owner, generation)) return false;
  // Without a plan in this run nobody knows whom ports have to lead to.
  if (!predecessors.isSettled || seenContainers(owner) === undefined) return false;
  const hosts = inputs.place.networks.flatMap(
    ({ network }) => whoHasNames(ownerOf({ ...inputs.meta, name: network }))?.hosts ?? [],
  );
  const others = new Map(hosts.map((each) => [wayTo(each), each]));
  others.delete(wayTo(connection));
  const targets = await Promise.all([
    targetsNow(connection),
    ...[...others.values()].map(targetsIfReached),
  ]);
  const addresses = addressesOf(other);
  return targets.every((all) => all && !addresses.some((address) => all.has(address)));
}

/** By the way to a host. */
const asked = new Map<string, Promise<ReadonlySet<string>>>();

/**
 * Each host is asked once in a run, however many containers are beside others: no port begins to lead to an old one, so that an answer
 * of some seconds ago may keep one too long, and gives up none.
 */
function targetsNow(connection: HostConnection): Promise<ReadonlySet<string>> {
  const way = wayTo(connection);
  const targets = asked.get(way) ?? targetsOfPorts(transportFor(connection));
  asked.set(way, targets);
  return targets;
}

/** Tests start anew. */
export function forgetTargets(): void {
  asked.clear();
}

/** Undefined: the host cannot be reached any more, and nobody knows where its ports lead. */
async function targetsIfReached(
  connection: HostConnection,
): Promise<ReadonlySet<string> | undefined> {
  try {
    return await targetsNow(connection);
  } catch (error) {
    if (isUnreachable(error)) return undefined;
    throw error;
  }
}

/** By IPv4 alone: a port that leads to the twin of an address leads to the address as well. */
function addressesOf({ NetworkSettings }: ContainerInspect): string[] {
  return Object.values(NetworkSettings.Networks ?? {}).flatMap(({ IPAddress }) => IPAddress ?? []);
}
