import { claim } from "../../host/claim.js";
import type { DockerClient } from "../../host/docker.js";
import type { ContainerInspect, ContainerSummary } from "../../host/docker-types.js";
import { LABELS } from "../../host/ownership.js";
import { progress } from "../../progress.js";
import type { HostNow } from "./host-facts.js";
import { ensureImage, type FoundImage } from "./image.js";
import { inspectOwn, plainName } from "./observe.js";
import { specHash } from "./revision.js";
import { claimOf, discard, isNew, type Work } from "./work.js";

/** The container that the state knows: by id, or made again by hand under its name. */
export async function findKnown(
  work: Work,
  own: ContainerSummary[],
  knownId: string | undefined,
): Promise<ContainerInspect | undefined> {
  if (knownId === undefined) return undefined;
  const details = await inspectOwn(work.docker, knownId, work.owner);
  if (details) return details;
  const named = own.find((row) => row.Names.some((name) => plainName(name) === work.name));
  return named && inspectOwn(work.docker, named.Id, work.owner);
}

/** What a creation that died has left, if it is exactly what is wanted: the same spec from the same image. */
export async function findLeftover(
  work: Work,
  own: ContainerSummary[],
  imageId: string,
): Promise<ContainerInspect | undefined> {
  const equal = own.filter(
    (row) =>
      row.ImageID === imageId &&
      row.Labels[LABELS.spec] === specHash(work.inputs, row.Labels[LABELS.generation] ?? ""),
  );
  const best = equal.find((row) => row.State === "running") ?? equal[0];
  return best && inspectOwn(work.docker, best.Id, work.owner);
}

/** An existing container keeps its image, also when the tag has moved on since. */
export async function imageOf(
  docker: DockerClient,
  details: ContainerInspect,
  reference: string,
): Promise<FoundImage> {
  try {
    const found = await ensureImage(docker, { image: reference, pull: "never" });
    return {
      imageId: details.Image,
      imageDigest: found.imageId === details.Image ? found.imageDigest : "",
    };
  } catch {
    return { imageId: details.Image, imageDigest: "" };
  }
}

/** Takes a leftover over: the name carries the generation of who owns it now. */
export async function adopt(
  work: Work,
  found: ContainerInspect,
  host: HostNow,
): Promise<ContainerInspect> {
  const { docker } = work;
  if (plainName(found.Name) !== work.name) {
    progress(`adopting ${plainName(found.Name)}`, work.inputs.meta);
    await docker.renameContainer(found.Id, work.name);
  }
  if (!isNew(found)) return found;
  const generation = found.Config.Labels?.[LABELS.generation] ?? work.generation;
  await claim(
    docker,
    claimOf(work, generation, host),
    async () => found,
    async () => discard(work, found),
  );
  return found;
}
