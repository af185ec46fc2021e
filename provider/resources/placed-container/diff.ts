import { same } from "../../canonical.js";
import { ownerOf } from "../../host/ownership.js";
import type { DiffResult } from "../../lifecycle.js";
import { progress, warn } from "../../progress.js";
import { hasUnknown, isUnknown } from "../../unknown.js";
import { isChecked } from "../checked-networks.js";
import { seenContainers, type SeenContainer } from "../seen-containers.js";
import { whoHasNames } from "../successions.js";
import { CHANGE_OF, changedParts } from "./changes.js";
import type {
  ContainerPlace,
  ContainerSpec,
  PlacedContainerInputs,
  PlacedContainerState,
} from "./inputs.js";
import { isNamesWait } from "./hand-over.js";
import { generationIn } from "./names.js";
import { noteReplaced } from "./replaced.js";
import { stopFirstCause } from "./revision.js";

/**
 * `{}` and `{replaces}` where the inputs differ, so that the engine shows each changed value; `{changes: true}` where
 * only the host differs from what was asked for. Reasons, capacity and progress settings are not the container.
 */
export async function diff(
  _id: string,
  olds: PlacedContainerState,
  news: PlacedContainerInputs,
): Promise<DiffResult> {
  const owner = ownerOf(olds.meta);
  const decision = decide(olds, news, seenContainers(owner));
  if ((decision.result.replaces ?? []).length > 0) {
    const { generation, replaces: earlier = [] } = olds.status;
    const isSettled = !driftOf(olds).some(isNamesWait);
    noteReplaced(owner, { generation, earlier, isSettled });
  }
  if (decision.row !== undefined) progress(decision.row);
  const left = leftOut(olds, news).join(", ");
  if (left !== "") {
    await warn(
      `its address on ${left} changes, and ${left} is not among the targets: names, policies and open ports there lead to the old address ` +
        `until the next up of the whole stack; target ${left} as well`,
      news.meta,
    );
  }
  return decision.result;
}

/** Networks on which its address changes, and which this run does not bring up to date although its plan has them. */
function leftOut(olds: PlacedContainerState, news: PlacedContainerInputs): string[] {
  const before = new Map(
    attachmentsOf(olds.place).map(({ network, address }) => [network, address]),
  );
  return attachmentsOf(news.place).flatMap(({ network, address }) => {
    const owner = ownerOf({ ...news.meta, name: network });
    const isLeft = whoHasNames(owner) !== undefined && !isChecked(owner);
    return isLeft && !isUnknown(address) && before.get(network) !== address ? [network] : [];
  });
}

export interface Decision {
  result: DiffResult;
  /** One line for the preview: which way, which property, why. */
  row?: string;
}

/** The decision without its row being shown. Pure. `seen`: the owner's containers that are on the hosts now, as far as that is known. */
export function decide(
  olds: PlacedContainerState,
  news: PlacedContainerInputs,
  seen: readonly SeenContainer[] = [],
): Decision {
  const { result, row } = decideAlone(olds, news);
  const beside = besideIn(olds, seen);
  if (beside.length === 0) return { result, ...(row === undefined ? {} : { row }) };
  return {
    result: result.changes === false ? { changes: true } : result,
    row: [row, restoreRow(beside)].filter(Boolean).join("; "),
  };
}

/** What is changed of the container, whatever is beside it. */
function decideAlone(olds: PlacedContainerState, news: PlacedContainerInputs): Decision {
  if (isUnknown(news.place)) return { result: whenPlaceGoes(olds) };
  if (isUnknown(news.spec)) return { result: {} };
  const parts = changedParts(olds.spec, news.spec);
  const fixed = parts.filter((part) => CHANGE_OF[part] === "replace");
  const moved = !isUnknown(news.place.host) && olds.place.host !== news.place.host;
  const renamed = ownerOf(olds.meta) !== ownerOf(news.meta);
  // Another host has another one anyway.
  const gateways = moved ? [] : gatewayChanges(olds.place, news.place);

  // A device is handed in when the container is made.
  const devices = devicesChange(olds.place, news.place);

  if (fixed.length > 0 || moved || renamed || gateways.length > 0 || devices) {
    const why = [
      ...(renamed ? [`its owner was ${ownerOf(olds.meta)}`] : []),
      ...(fixed.length > 0
        ? [`${fixed.join(", ")} ${fixed.length === 1 ? "changes" : "change"}`]
        : []),
      ...(devices && !moved ? ["its devices change"] : []),
      ...gateways.map((network) => `the name server of ${network} changes`),
    ].join("; ");
    const route = moved ? `${olds.place.host} -> ${news.place.host}` : "";
    const cause = stopCause(olds, news, moved);
    const replaces = [
      ...(renamed ? ["meta"] : []),
      ...(moved || gateways.length > 0 || devices ? ["place"] : []),
      ...(fixed.length > 0 ? ["spec"] : []),
    ];
    const what = [route, cause].filter(Boolean).join(", ");
    const order = cause ? "stop-first" : "start-first";
    return {
      result: { replaces, deleteBeforeReplace: cause !== undefined },
      row: `replace, ${order}${what ? `: ${what}` : ""}${why ? ` (${why})` : ""}`,
    };
  }

  const updated = parts.filter((part) => CHANGE_OF[part] === "update" && part !== "networks");
  const attachments = !same(attachmentsOf(olds.place), attachmentsOf(news.place));
  if (parts.length > 0 || attachments || !same(olds.place.connection, news.place.connection)) {
    const what = [
      ...updated,
      ...(attachments && !hasUnknown(news.place.networks) ? ["networks"] : []),
    ];
    return {
      result: {},
      ...(what.length > 0 ? { row: `update in place: ${what.join(", ")}` } : {}),
    };
  }
  const drift = driftOf(olds);
  return drift.length > 0
    ? { result: { changes: true }, row: restoreRow(drift) }
    : { result: { changes: false } };
}

/**
 * The program always says something of a place, so all of it is unknown in one question alone: whether the container has to
 * be gone before something is deleted that its place comes from. A network is not deleted while containers are on it.
 * The question does not say what is deleted: for a host that is replaced so (`--replace` and `deleteBeforeReplace`), whose deletion
 * leaves containers alone, those on networks go and come back all the same.
 */
function whenPlaceGoes({ place }: PlacedContainerState): DiffResult {
  const networks: unknown = place.networks;
  const attached = Array.isArray(networks) && networks.length > 0;
  return attached ? { replaces: ["place"], deleteBeforeReplace: true } : {};
}

function restoreRow(sentences: readonly string[]): string {
  return `restore: ${sentences.join("; ")}`;
}

/**
 * Containers of the same owner beside the state's own, one sentence each: creations that died have left them, or the engine has let go
 * of them without their being deleted. What a refresh has found already is not said twice.
 */
function besideIn(
  { meta, status }: PlacedContainerState,
  seen: readonly SeenContainer[],
): string[] {
  const drift = status?.drift ?? [];
  return seen
    .filter(
      ({ id, name }) =>
        id !== status.containerId &&
        generationIn(name, meta) !== status.generation &&
        !drift.some((sentence) => sentence.includes(name)),
    )
    .map(({ host, name }) => `another container of it is on ${host}: ${name}`);
}

/** What `read` found otherwise than asked for. */
export function driftOf({ status }: PlacedContainerState): string[] {
  return status?.drift ?? [];
}

function devicesChange({ devices: before = [] }: ContainerPlace, news: ContainerPlace): boolean {
  return !hasUnknown(news.devices) && !same(before, news.devices ?? []);
}

/** Why the old container must be gone first, or undefined: only then do both run side by side for a moment. */
function stopCause(
  olds: PlacedContainerState,
  news: PlacedContainerInputs,
  moved: boolean,
): string | undefined {
  if (!moved && !partlyUnknown(news.spec)) {
    const cause = stopFirstCause(news.spec, olds.place.host);
    if (cause) return cause;
  }
  const kept = moved
    ? undefined
    : olds.place.devices?.find((id) => news.place.devices?.includes(id));
  if (kept !== undefined) return `it keeps the device ${kept} of ${olds.place.host}`;
  for (const network of attachmentsOf(news.place)) {
    const before = attachmentsOf(olds.place).find(
      ({ dockerName }) => dockerName === network.dockerName,
    );
    if (before && before.address === network.address) {
      return `it keeps the address ${network.address} on ${network.network}`;
    }
  }
  const [answered] = answeredByDocker(news.place);
  return answered === undefined
    ? undefined
    : `Docker leads names on ${answered} to the new one as soon as it starts`;
}

/** Names of its networks on which Docker's own resolver leads names to every container that runs, ready or not. */
function answeredByDocker(place: ContainerPlace): string[] {
  const networks: unknown = place.networks;
  if (!Array.isArray(networks)) return [];
  return place.networks
    .filter((network) => !isUnknown(network) && network.names === "docker")
    .map(({ network }) => network);
}

/** The ports or mounts as a whole are not known yet. */
function partlyUnknown(spec: ContainerSpec): boolean {
  return hasUnknown(spec.ports) || hasUnknown(spec.mounts);
}

/** What a container's attachment is on its host; the rest of a place's network is for others. */
function attachmentsOf(place: ContainerPlace) {
  const networks: unknown = place.networks;
  if (!Array.isArray(networks)) return [];
  return place.networks
    .filter((network) => !isUnknown(network))
    .map(({ network, dockerName, address, address6, aliases }) => ({
      network,
      dockerName,
      address,
      ...(address6 === undefined ? {} : { address6 }),
      ...(aliases === undefined ? {} : { aliases }),
    }));
}

/** Networks that stay but whose name server moved: a container's resolvers are fixed when it is made. */
function gatewayChanges(olds: ContainerPlace, news: ContainerPlace): string[] {
  const networks: unknown = news.networks;
  if (!Array.isArray(networks)) return [];
  return news.networks
    .filter((network) => !isUnknown(network) && !isUnknown(network.gateway))
    .filter((network) =>
      olds.networks.some(
        (before) =>
          before.network === network.network &&
          before.dockerName === network.dockerName &&
          before.gateway !== network.gateway,
      ),
    )
    .map(({ network }) => network);
}
