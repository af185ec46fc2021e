import { randomBytes } from "node:crypto";
import { CloudError, isConflict, isNotFound, isUnreachable } from "../../errors.js";
import { claim, claimChange } from "../../host/claim.js";
import { dockerFor, type DockerClient } from "../../host/docker.js";
import type { ContainerInspect, ContainerSummary } from "../../host/docker-types.js";
import { faultPoint } from "../../host/faults.js";
import { LABELS, ownerOf } from "../../host/ownership.js";
import { readReservations, reservationOf } from "../../host/reservations.js";
import { withStartSlot } from "../../host/starts.js";
import { announce } from "../../network/announce.js";
import { progress } from "../../progress.js";
import { attachFailure, describe, holderOf, syncNetworks } from "./attach.js";
import { createBody, publishedPorts, updateBody } from "./docker-config.js";
import { hostNow, type HostNow } from "./host-facts.js";
import { ensureImage, type FoundImage } from "./image.js";
import type { PlacedContainerInputs, PlacedContainerState } from "./inputs.js";
import { bindSourceProblem } from "./mounts.js";
import { containerNameOf } from "./names.js";
import { inspectIfThere, inspectOwn, ownContainers, plainName, stateOf } from "./observe.js";
import { waitUntilReady } from "./ready.js";
import { removeOwn } from "./remove.js";
import { specHash } from "./revision.js";
import {
  registerSecrets,
  secretsFolder,
  secretsFolderIn,
  sweepSecrets,
  writeSecrets,
} from "./secrets.js";
import { keepInState, stateFor, statusFor } from "./state.js";

export function newGeneration(): string {
  return randomBytes(4).toString("hex");
}

/** What exists so far: whatever fails from then on must keep it in the state. */
interface Work {
  readonly inputs: PlacedContainerInputs;
  readonly docker: DockerClient;
  readonly owner: string;
  readonly generation: string;
  readonly name: string;
  readonly signal: AbortSignal;
  status?: PlacedContainerState["status"];
}

/**
 * Observe, ensure, sync, return: brings one container to what `inputs` say, whatever is there. `known` is the
 * container that the state knows (update); without it a container of the same owner and spec is a leftover of a
 * creation that died, and is adopted. A failure after the container exists keeps it in the state.
 */
export async function ensureContainer(
  inputs: PlacedContainerInputs,
  generation: string,
  signal: AbortSignal,
  known?: { containerId: string },
): Promise<PlacedContainerState> {
  registerSecrets(inputs.spec);
  const work: Work = {
    inputs,
    docker: dockerFor(inputs.place.connection),
    owner: ownerOf(inputs.meta),
    generation,
    name: containerNameOf(inputs.meta, generation),
    signal,
  };
  try {
    return await ensure(work, known?.containerId);
  } catch (error) {
    // In an update the engine keeps the old state by itself, but not that a new attempt is due.
    if (work.status)
      throw keepInState(work.name, inputs, await freshStatus(work.status, work), error);
    throw error;
  }
}

/** With what it does now, where that can still be had. */
async function freshStatus(status: NonNullable<Work["status"]>, { docker, owner }: Work) {
  try {
    const details = await inspectOwn(docker, status.containerId, owner);
    return { ...status, state: details ? stateOf(details) : "gone" };
  } catch {
    return status;
  }
}

async function ensure(work: Work, knownId: string | undefined): Promise<PlacedContainerState> {
  const { docker, inputs } = work;
  const { spec } = inputs;
  const [own, host] = await Promise.all([ownContainers(docker, work.owner), hostNow(docker)]);
  let found = await findKnown(work, own, knownId);
  if (found) keep(work, found);
  const image =
    found && !isNew(found) ? await imageOf(docker, found, spec.image) : await pull(work);
  found ??= await findLeftover(work, own, image.imageId);
  if (found) keep(work, found);
  await faultPoint("pulled", hostOf(work));
  work.signal.throwIfAborted();

  let details = found ? await adopt(work, found, host) : await make(work, own, host, image);
  const { Id } = details;
  keep(work, details, image);
  await faultPoint("claimed", hostOf(work));
  work.signal.throwIfAborted();

  await makeRoom(work, own, Id);
  await syncNetworks(docker, details, inputs.place.networks);
  await syncLimits(work, details, host);
  await faultPoint("attached", hostOf(work));
  work.signal.throwIfAborted();

  if (!details.State.Running && !details.State.Restarting) {
    await writeSecrets(docker.transport, folderOf(work, details), spec);
    await start(work, details, host);
  }
  await announceFixed(work, Id);
  await faultPoint("started", hostOf(work));

  details = await waitUntilReady(docker, Id, spec, {
    name: inputs.meta.name,
    signal: work.signal,
    onProgress: (line) => progress(line, inputs.meta),
  });
  keep(work, details, image);
  await faultPoint("healthy", hostOf(work));

  await removeOthers(work, Id);
  return stateFor(inputs, statusFor(details, work.generation, image));
}

const hostOf = ({ inputs }: Work) => inputs.place.host;

/** Never started: its image and its claim are not settled yet. */
const isNew = (details: ContainerInspect) => details.State.Status === "created";

/** From here on a failure keeps the container in the state. */
function keep(work: Work, details: ContainerInspect, image?: FoundImage): void {
  // A rename shows only in a new look at it.
  work.status = {
    ...statusFor(details, work.generation, image ?? { imageId: details.Image, imageDigest: "" }),
    containerName: work.name,
  };
}

/** The container that the state knows: by id, or made again by hand under its name. */
async function findKnown(
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
async function findLeftover(
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

async function pull({ docker, inputs }: Work): Promise<FoundImage> {
  return ensureImage(docker, inputs.spec, { onProgress: (line) => progress(line, inputs.meta) });
}

/** An existing container keeps its image, also when the tag has moved on since. */
async function imageOf(
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
async function adopt(
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

function claimOf({ inputs, owner }: Work, generation: string, host: HostNow) {
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

async function make(
  work: Work,
  own: ContainerSummary[],
  host: HostNow,
  image: FoundImage,
): Promise<ContainerInspect> {
  const { docker, inputs, generation } = work;
  await resolveBinds(work);
  // Never started and not wanted any more: nothing runs in it, but it may hold what the new one needs.
  for (const row of own.filter(({ State }) => State === "created")) {
    const stale = await inspectOwn(docker, row.Id, work.owner);
    if (stale && isNew(stale)) await removeOwn(docker, stale, 0);
  }
  const folder = inputs.spec.secrets.length > 0 ? secretsFolder(work.owner, generation) : undefined;
  if (folder !== undefined) await writeSecrets(docker.transport, folder, inputs.spec);
  progress("creating", inputs.meta);
  const body = createBody(inputs, {
    generation,
    resolvers: host.resolvers,
    apiMinor: await docker.apiMinor(),
    secretsFolder: folder,
    ...(image.user === undefined ? {} : { imageUser: image.user }),
  });
  let isAsked = false;
  const details = await claim(
    docker,
    claimOf(work, generation, host),
    async () => {
      isAsked = true;
      const { Id } = await createOrExplain(work, body);
      const made = await docker.inspectContainer(Id);
      keep(work, made);
      await faultPoint("created", hostOf(work));
      return made;
    },
    async () => {
      const made = work.status && (await inspectOwn(docker, work.status.containerId, work.owner));
      if (made) await discard(work, made);
    },
  ).catch((error: unknown) => {
    throw isAsked && work.status === undefined ? mayExist(work, error) : error;
  });
  return details;
}

/** Docker was asked to make it, and its answer never came. */
function mayExist(work: Work, error: unknown): unknown {
  if (!(error instanceof CloudError) || !isUnreachable(error)) return error;
  const what = (error.message.split("\n")[0] ?? "").replace(/^host [^:]+: /, "");
  return new CloudError(error.code, `container ${work.name} may have been created: ${what}`, {
    host: hostOf(work),
    reasons: [...error.reasons],
    hint: "Check the host and run again: a container that was made is found and adopted.",
    cause: error,
  });
}

/** The container is gone again, so there is nothing to keep in the state. */
async function discard(work: Work, details: ContainerInspect): Promise<void> {
  await removeOwn(work.docker, details, 0);
  delete work.status;
}

async function createOrExplain(work: Work, body: ReturnType<typeof createBody>) {
  const { docker, name } = work;
  try {
    return await docker.createContainer(name, body);
  } catch (error) {
    if (isConflict(error)) {
      const other = await inspectIfThere(docker, name);
      if (other) {
        throw new CloudError("conflict", `the name ${name} is taken by ${describe(other)}`, {
          host: hostOf(work),
          hint: "Rename or remove that container, then run again.",
          cause: error,
        });
      }
    }
    const network = work.inputs.place.networks.find(({ dockerName }) =>
      String(error).includes(dockerName),
    );
    throw isNotFound(error) && network ? await attachFailure(docker, network, error) : error;
  }
}

/** A folder that is a symlink into what must not be mounted is refused as that is. */
async function resolveBinds({ docker, inputs }: Work): Promise<void> {
  const binds = inputs.spec.mounts.flatMap((mount, index) =>
    mount.kind === "bind" ? [{ ...mount, index }] : [],
  );
  if (binds.length === 0) return;
  const answers = await Promise.all(
    binds.map(({ source }) => docker.transport.exec(["readlink", "-f", "--", source])),
  );
  binds.forEach(({ index, readOnly }, at) => {
    const real = answers[at]?.code === 0 ? answers[at].stdout.trimEnd() : "";
    const problem = real === "" ? undefined : bindSourceProblem(real, readOnly);
    if (problem) {
      throw new CloudError(
        "invalid-input",
        `mounts[${index}].bind: ${problem}, and this is a link to it`,
        {
          host: inputs.place.host,
          hint: "Mount a folder of its own.",
        },
      );
    }
  });
}

/**
 * An older container of the same owner that has a port or an address of this one would keep it from starting. The
 * engine has removed the one it knew where that is so; what is still there was left by a creation that died.
 */
async function makeRoom(work: Work, own: ContainerSummary[], id: string): Promise<void> {
  const { docker, inputs } = work;
  const ports = inputs.spec.ports.filter(({ hostPort }) => hostPort > 0);
  for (const row of own) {
    if (row.Id === id) continue;
    const addresses = Object.values(row.NetworkSettings?.Networks ?? {}).map(
      ({ IPAddress }) => IPAddress,
    );
    const clash =
      inputs.place.networks.some(({ address }) => addresses.includes(address)) ||
      row.Ports.some((port) =>
        ports.some(
          ({ hostPort, protocol }) => port.PublicPort === hostPort && port.Type === protocol,
        ),
      );
    if (!clash) continue;
    const other = await inspectOwn(docker, row.Id, work.owner);
    if (other) await removeOwn(docker, other, inputs.spec.stopTimeoutSeconds);
  }
}

/** What more it reserves must fit, as when it was made: the plan saw the host some time ago. */
async function syncLimits(work: Work, details: ContainerInspect, host: HostNow): Promise<void> {
  const { docker, inputs } = work;
  const wanted = updateBody(inputs.spec);
  const { HostConfig } = details;
  const differs =
    HostConfig.NanoCpus !== wanted.NanoCpus ||
    HostConfig.Memory !== wanted.Memory ||
    (HostConfig.PidsLimit ?? 0) !== wanted.PidsLimit ||
    HostConfig.RestartPolicy?.Name !== wanted.RestartPolicy?.Name ||
    (HostConfig.RestartPolicy?.MaximumRetryCount ?? 0) !== wanted.RestartPolicy?.MaximumRetryCount;
  if (!differs) return;
  progress("changing its limits", inputs.meta);
  const change = () => docker.updateContainer(details.Id, wanted);
  const labels = details.Config.Labels ?? {};
  const before = await reservedNow(work, details);
  if (before.cpus === inputs.spec.cpus && before.memoryBytes === inputs.spec.memoryBytes) {
    await change();
    return;
  }
  const generation = labels[LABELS.generation] ?? work.generation;
  await claimChange(docker, { ...claimOf(work, generation, host), before }, details.Id, change);
}

async function reservedNow({ docker }: Work, { Id, Config }: ContainerInspect) {
  const changed = await readReservations(docker.transport);
  return reservationOf({ Id, Labels: Config.Labels ?? {} }, changed);
}

function folderOf(work: Work, details: ContainerInspect): string {
  return secretsFolderIn(details.Mounts) ?? secretsFolder(work.owner, work.generation);
}

async function start(work: Work, details: ContainerInspect, host: HostNow): Promise<void> {
  const { docker, inputs } = work;
  try {
    await withStartSlot(docker.transport, host.cpus, async () => {
      work.signal.throwIfAborted();
      progress("starting", inputs.meta);
      await docker.startContainer(details.Id);
    });
  } catch (error) {
    if (!isConflict(error)) throw error;
    const failure = await startConflict(work, error);
    // It never ran and cannot: nothing is lost with it, and no half of it stays.
    if (isNew(details)) await discard(work, details);
    throw failure;
  }
}

/**
 * An address that the user fixed may have been on another host a moment ago: without an announcement the others would
 * look for it there for half a minute. Planned addresses never change host.
 */
async function announceFixed({ docker, inputs }: Work, id: string): Promise<void> {
  const fixed = inputs.place.networks.filter((network) => network.fixed);
  if (fixed.length === 0) return;
  const { State } = await docker.inspectContainer(id);
  if (!State.Running || State.Pid === 0) return; // whether it comes up is the next step's question
  await Promise.all(
    fixed.map(({ network, address }) =>
      announce(docker.transport, { pid: State.Pid, address, network }),
    ),
  );
}

/** Whose port or address it is. */
async function startConflict(work: Work, error: unknown): Promise<unknown> {
  const { docker, inputs } = work;
  const text = String(error);
  const port = inputs.spec.ports.find(
    ({ hostPort }) => hostPort > 0 && new RegExp(`[:.]${hostPort}\\b`).test(text),
  );
  if (port && /port is already allocated|address already in use|failed to bind/i.test(text)) {
    const rows = await docker.listContainers();
    const holder = rows.find((row) =>
      row.Ports.some((other) => other.PublicPort === port.hostPort && other.Type === port.protocol),
    );
    const details = holder && (await inspectIfThere(docker, holder.Id));
    const who = details ? describe(details) : "a process of the host";
    return new CloudError("conflict", `port ${port.hostPort}/${port.protocol} is taken by ${who}`, {
      host: inputs.place.host,
      hint: "Choose another host port, or free that one; the container was removed again.",
      cause: error,
    });
  }
  for (const network of inputs.place.networks) {
    if (await holderOf(docker, network)) return attachFailure(docker, network, error);
  }
  return error;
}

/** What it replaces and what dead creations left: now that this one is ready, nobody needs them. */
async function removeOthers(work: Work, id: string): Promise<void> {
  const { docker, inputs } = work;
  const own = await ownContainers(docker, work.owner);
  for (const row of own) {
    if (row.Id === id) continue;
    const other = await inspectOwn(docker, row.Id, work.owner);
    if (!other) continue;
    progress(`removing ${plainName(other.Name)}`, inputs.meta);
    await removeOwn(docker, other, inputs.spec.stopTimeoutSeconds);
  }
  if (inputs.spec.secrets.length > 0) {
    const details = await docker.inspectContainer(id);
    const folder = secretsFolderIn(details.Mounts);
    if (folder !== undefined) await sweepSecrets(docker.transport, work.owner, [folder]);
  }
}
