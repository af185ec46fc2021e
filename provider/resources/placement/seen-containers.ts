import type { HostConnection } from "../../host/connection.js";
import type { HostSnapshot } from "../../host/observe.js";
import { LABELS, ownerOf } from "../../host/ownership.js";
import { isLeaving, plainName } from "../placed-container/observe.js";
import { noteSeenContainers, type SeenContainer } from "../seen-containers.js";
import type { PlacementInputs } from "./inputs.js";
import { hostsLeft } from "./moving.js";

/**
 * Tells the containers of this run which containers of theirs are on the hosts. What was left on a host that was lost is the plan's own to
 * remove (leftovers.ts), and passed over. `hosts` and `snapshots` by the same positions.
 */
export function noteContainers(
  { meta, requests }: Pick<PlacementInputs, "meta" | "requests">,
  hosts: readonly { name: string; connection: HostConnection }[],
  snapshots: readonly HostSnapshot[],
  lost: NonNullable<PlacementInputs["lost"]>,
): void {
  const byOwner = new Map<string, { left: readonly string[]; found: SeenContainer[] }>(
    requests.map(({ name }) => {
      const entry = lost[name];
      return [ownerOf({ ...meta, name }), { left: entry ? hostsLeft(entry) : [], found: [] }];
    }),
  );
  snapshots.forEach((snapshot, i) => {
    const host = hosts[i];
    const containers = snapshot.reachable ? (snapshot.engine?.containers ?? []) : [];
    for (const container of containers) {
      const own = byOwner.get(container.Labels[LABELS.owner] ?? "");
      if (!host || !own || own.left.includes(host.name) || isLeaving(container)) continue;
      const { connection } = host;
      const {
        Id: id,
        Names: [name = ""],
      } = container;
      own.found.push({ host: host.name, connection, id, name: plainName(name) });
    }
  });
  for (const [owner, { found }] of byOwner) noteSeenContainers(owner, ownerOf(meta), found);
}
