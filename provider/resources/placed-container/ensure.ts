import { randomBytes } from "node:crypto";
import { dockerFor } from "../../host/docker.js";
import { faultPoint } from "../../host/faults.js";
import { ownerOf } from "../../host/ownership.js";
import { progress } from "../../progress.js";
import { adopt, findKnown, findLeftover, imageOf } from "./adopt.js";
import { syncNetworks } from "./attach.js";
import { withoutDead } from "./dead.js";
import { handOver, isAwaited, isNamesWait, NAMES_WAIT } from "./hand-over.js";
import { hostNow } from "./host-facts.js";
import type { PlacedContainerInputs, PlacedContainerState } from "./inputs.js";
import { syncLimits } from "./limits.js";
import { make, pull } from "./make.js";
import { containerNameOf, generationIn } from "./names.js";
import { inspectOwn, ownAndLeaving, stateOf } from "./observe.js";
import { isReplaced, makeRoom, removeOthers } from "./predecessors.js";
import { waitUntilReady } from "./ready.js";
import { replacedOf } from "./replaced.js";
import { registerSecrets, writeSecrets } from "./secrets.js";
import { sweepSecrets } from "./secrets-removal.js";
import { announceFixed, start } from "./start.js";
import { keepInState, stateFor, statusFor } from "./state.js";
import { folderOf, hostOf, isNew, keep, type Predecessors, type Work } from "./work.js";

export function newGeneration(): string {
  return randomBytes(4).toString("hex");
}

/**
 * Observe, ensure, sync, return: brings one container to what `inputs` say, whatever is there. `known` is the
 * state of the container that is updated; without it a container of the same owner and spec is a leftover of a
 * creation that died, and is adopted. A failure after the container exists keeps it in the state.
 */
export async function ensureContainer(
  inputs: PlacedContainerInputs,
  generation: string,
  signal: AbortSignal,
  known?: PlacedContainerState,
): Promise<PlacedContainerState> {
  registerSecrets(inputs.spec);
  const owner = ownerOf(inputs.meta);
  const work: Work = {
    inputs,
    docker: dockerFor(inputs.place.connection),
    owner,
    generation,
    name: containerNameOf(inputs.meta, generation),
    signal,
    predecessors: predecessorsOf(owner, known),
    replaces: [],
  };
  const namesWait = isAwaited(work, known);
  try {
    return await ensure(work, known, namesWait);
  } catch (error) {
    // In an update the engine keeps the old state by itself, but not that a new attempt is due.
    if (!work.status) throw error;
    const status = unfinished(
      await freshStatus(work.status, work),
      work,
      namesWait ? [NAMES_WAIT] : [],
    );
    throw keepInState(work.name, inputs, status, error);
  }
}

function predecessorsOf(owner: string, known: PlacedContainerState | undefined): Predecessors {
  if (known) {
    const { replaces, drift = [] } = known.status;
    return { earlier: new Set(replaces), isSettled: !drift.some(isNamesWait) };
  }
  const { earlier = [], ...replaced } = replacedOf(owner) ?? { isSettled: true };
  return { ...replaced, earlier: new Set(earlier) };
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

/** With what is left to do: for the engine, and for the next up. */
function unfinished(
  status: NonNullable<Work["status"]>,
  { replaces }: Work,
  drift: string[],
): NonNullable<Work["status"]> {
  return {
    ...status,
    ...(drift.length > 0 ? { drift } : {}),
    ...(replaces.length > 0 ? { replaces } : {}),
  };
}

async function ensure(
  work: Work,
  known: PlacedContainerState | undefined,
  namesWait: boolean,
): Promise<PlacedContainerState> {
  const { docker, inputs } = work;
  const { spec } = inputs;
  const [rows, host] = await Promise.all([ownAndLeaving(docker, work.owner), hostNow(docker)]);
  const own = await withoutDead(work, rows);
  work.replaces = own.flatMap(({ Names: [name = ""] }) =>
    isReplaced(work, name) ? (generationIn(name, inputs.meta) ?? []) : [],
  );
  let found = await findKnown(work, own, known?.status.containerId);
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

  if (details.State.Paused) await docker.unpauseContainer(Id);
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

  const late = namesWait ? await handOver(work, known) : [];
  await faultPoint("named", hostOf(work));

  await removeOthers(work, Id, late.length === 0);
  await sweepSecrets(docker, work.owner, host.secrets);
  return stateFor(inputs, unfinished(statusFor(details, work.generation, image), work, late));
}
