import type { HostState } from "../host-state.js";
import type { PlacementRequest, PlanInput } from "../model.js";
import { hostsThat } from "../words.js";
import type { Constraint } from "./constraint.js";
import { GONE, type OutOfSight } from "./volumes.js";

/** Where a container has written to a folder of its host. */
export interface FolderHome {
  readonly folder: string;
  /** Name of the host, which may have left the program. */
  readonly on: string;
}

export function hasFolders({ folders }: Pick<PlacementRequest, "folders">): boolean {
  return folders !== undefined && folders.length > 0;
}

/**
 * Where the folder of a container is: on the host that it was given before, or where it was seen, if it had the folder
 * then. A program that pins the container to another host says itself where the folder is, and is believed; any other
 * rule that its host breaks now must not leave the data behind.
 */
export function folderHome(
  request: PlacementRequest,
  { previous }: Pick<PlanInput, "previous">,
  hosts: readonly HostState[],
): FolderHome | undefined {
  const { name, folders = [], constraints } = request;
  if (!hasFolders(request)) return undefined;
  const had = Object.hasOwn(previous.assignments, name)
    ? { on: previous.assignments[name]?.host ?? "", folders: foldersBefore(previous, name) }
    : seenFolders(name, hosts);
  if (!had) return undefined;
  const folder = folders.find((each) => had.folders?.some((one) => overlap(one, each)) ?? true);
  if (folder === undefined) return undefined;
  const isPinnedElsewhere = constraints.some(
    (spec) => spec.kind === "host" && spec.host !== had.on,
  );
  return isPinnedElsewhere ? undefined : { folder, on: had.on };
}

/** One is the other, or lies in it. */
function overlap(one: string, other: string): boolean {
  const within = (inner: string, outer: string) =>
    inner === outer || inner.startsWith(outer.endsWith("/") ? outer : `${outer}/`);
  return within(one, other) || within(other, one);
}

function foldersBefore({ folders }: PlanInput["previous"], name: string): string[] | undefined {
  return folders && Object.hasOwn(folders, name) ? folders[name] : undefined;
}

function seenFolders(
  name: string,
  hosts: readonly HostState[],
): { on: string; folders: string[] } | undefined {
  for (const { name: on, candidate } of hosts) {
    const folders = Object.hasOwn(candidate.own, name) ? candidate.own[name]?.folders : undefined;
    if (folders) return { on, folders };
  }
  return undefined;
}

/** The folder is on a host that cannot be seen now. */
export function folderOutOfSight(
  home: FolderHome | undefined,
  hosts: ReadonlyMap<string, HostState>,
): OutOfSight | undefined {
  if (!home) return undefined;
  const host = hosts.get(home.on);
  const why = host ? host.notReady : GONE;
  const way = "pin it to the host that has the folder now";
  return why === undefined ? undefined : { data: `folder ${home.folder}`, on: home.on, why, way };
}

/** A container stays with the folders it has written to. */
export const foldersConstraint: Constraint = {
  name: "folders",
  declared: false,
  applies: ({ request }) => hasFolders(request),
  accepts: ({ folderHome: home }, host) => home === undefined || home.on === host.name,
  explain: ({ folderHome: home }, hosts) =>
    `${hostsThat(hosts.length, "does", "do")} not hold its folder ${home?.folder ?? ""}, which is on ${home?.on ?? ""}`,
  explainOne: ({ folderHome: home }) =>
    `does not hold its folder ${home?.folder ?? ""}, which is on ${home?.on ?? ""}`,
};
