import type { DockerClient } from "../../host/docker.js";
import type { ContainerInspect } from "../../host/docker-types.js";
import { publishedPorts } from "./docker-config.js";
import type { HostNow } from "./host-facts.js";
import type { FoundImage } from "./image.js";
import type { PlacedContainerInputs, PlacedContainerState } from "./inputs.js";
import { removeOwn } from "./remove.js";
import { secretsFolder, secretsFolderIn } from "./secrets.js";
import { statusFor } from "./state.js";

/** What exists so far: whatever fails from then on must keep it in the state. */
export interface Work {
  readonly inputs: PlacedContainerInputs;
  readonly docker: DockerClient;
  readonly owner: string;
  readonly generation: string;
  readonly name: string;
  readonly signal: AbortSignal;
  status?: PlacedContainerState["status"];
  readonly predecessors: Predecessors;
  /** Generations that run on this host and are left to the engine. */
  replaces: string[];
}

/** What the container takes over from, as the engine's state has it. */
export interface Predecessors {
  /** The generation that the engine replaces in this run, and deletes itself when the up is through. Absent: none. */
  generation?: string;
  /** Those that were replaced before: the engine deletes them in this run, or has let go of them. */
  earlier: ReadonlySet<string>;
  /** Names led to the container, or to the one that it replaces in this run, before this run. */
  isSettled: boolean;
}

export const hostOf = ({ inputs }: Work) => inputs.place.host;

/** Never started: its image and its claim are not settled yet. */
export const isNew = (details: ContainerInspect) => details.State.Status === "created";

/** From here on a failure keeps the container in the state. */
export function keep(work: Work, details: ContainerInspect, image?: FoundImage): void {
  // A rename shows only in a new look at it.
  work.status = {
    ...statusFor(details, work.generation, image ?? { imageId: details.Image, imageDigest: "" }),
    containerName: work.name,
  };
}

/** The container is gone again, so there is nothing to keep in the state. */
export async function discard(work: Work, details: ContainerInspect): Promise<void> {
  await removeOwn(work.docker, details, 0);
  delete work.status;
}

export function claimOf({ inputs, owner }: Work, generation: string, host: HostNow) {
  const { spec, place } = inputs;
  const { cpus = host.cpus, memoryBytes = host.memoryBytes, ...limits } = place.capacity ?? {};
  const { headroom = { cpus: 0, memoryBytes: 0 }, maxContainers } = limits;
  return {
    owner,
    generation,
    cpus: spec.cpus,
    memoryBytes: spec.memoryBytes,
    ports: publishedPorts(spec),
    devices: place.devices ?? [],
    capacity: {
      cpus: cpus - headroom.cpus,
      memoryBytes: memoryBytes - headroom.memoryBytes,
      ...(maxContainers === undefined ? {} : { maxContainers }),
    },
  };
}

export function folderOf(work: Work, details: ContainerInspect): string {
  return secretsFolderIn(details.Mounts) ?? secretsFolder(work.owner, work.generation);
}
