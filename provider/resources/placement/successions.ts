import type { HostConnection } from "../../host/connection.js";
import type { ContainerSummary } from "../../host/docker-types.js";
import type { HostSnapshot } from "../../host/observe.js";
import { LABELS, ownerOf } from "../../host/ownership.js";
import { isDriverName } from "../../ipam/driver-facts.js";
import { Twins } from "../../ipam/twins.js";
import type { PlanInput, PlanResult } from "../../placement/model.js";
import { noteSuccessions, type Succession } from "../successions.js";
import type { PlacementInputs } from "./inputs.js";
import { addressesOf, isAlive, isReady, planNamesOf } from "./listed-container.js";

/** A container of a request, as it was seen on a network. */
interface Seen {
  container: ContainerSummary;
  host: string;
  address: string;
}

/**
 * Tells the resources of this run which containers the plan takes over from, network by network, so that names lead to them
 * until their successors are ready and policies know them. `hosts` and `snapshots` by the same positions.
 */
export function noteTakingOver(
  { meta, requests }: Pick<PlacementInputs, "meta" | "requests">,
  hosts: readonly { name: string; connection: HostConnection }[],
  snapshots: readonly HostSnapshot[],
  { given }: Pick<PlanInput, "given">,
  { networks, assignments }: Pick<PlanResult, "networks" | "assignments">,
): void {
  const owner = (name: string): string => ownerOf({ ...meta, name });
  const all = { ...given?.networks, ...networks };
  const found = containersOn(
    snapshots,
    new Map(requests.map(({ name }) => [owner(name), name])),
    new Map(Object.keys(all).map((name) => [owner(name), name])),
  );
  for (const [name, allocation] of Object.entries(all)) {
    const { driver = "vxlan" } = allocation;
    if (!isDriverName(driver)) continue;
    const twins = Twins.of(allocation);
    noteSuccessions(owner(name), ownerOf(meta), {
      driver,
      hosts: hosts.flatMap((host, i) => {
        const isMember = host.name in allocation.hosts || host.name.startsWith(`${name}/`);
        return isMember && snapshots[i]?.reachable === true ? [host.connection] : [];
      }),
      successions: [...(found.get(name) ?? [])].flatMap(([container, there]) =>
        successionsOf(container, there, assignments[container]?.addresses[name]),
      ),
      ...(twins ? { twins } : {}),
    });
  }
}

/** By network, then by request: all that are alive. */
function containersOn(
  snapshots: readonly HostSnapshot[],
  requests: ReadonlyMap<string, string>,
  networks: ReadonlyMap<string, string>,
): Map<string, Map<string, Seen[]>> {
  const found = new Map<string, Map<string, Seen[]>>();
  for (const snapshot of snapshots) {
    const engine = snapshot.reachable ? snapshot.engine : undefined;
    if (!engine) continue;
    const planNames = planNamesOf(engine.networks, networks);
    for (const container of engine.containers) {
      const request = requests.get(container.Labels[LABELS.owner] ?? "");
      if (request === undefined || !isAlive(container)) continue;
      for (const [network, address] of Object.entries(addressesOf(container, planNames))) {
        const byRequest = found.get(network) ?? new Map<string, Seen[]>();
        const others = byRequest.get(request) ?? [];
        byRequest.set(request, [...others, { container, host: snapshot.name, address }]);
        found.set(network, byRequest);
      }
    }
  }
  return found;
}

/** The oldest that is well serves, or the oldest of all: what came after it never got ready, or names would lead there. */
function successionsOf(
  container: string,
  there: readonly Seen[],
  next: string | undefined,
): Succession[] {
  if (next === undefined) return [];
  const hasTakenOver = there.some((each) => each.address === next && isReady(each.container));
  const olds = there
    .filter(({ address }) => address !== next)
    .sort((a, b) => a.container.Created - b.container.Created);
  const serving = olds.find((each) => isReady(each.container)) ?? olds[0];
  return olds.map((old) => ({
    container,
    host: old.host,
    address: old.address,
    next,
    serves: old === serving && !hasTakenOver,
  }));
}
