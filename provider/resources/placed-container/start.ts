import { CloudError, isConflict } from "../../errors.js";
import type { ContainerInspect } from "../../host/docker-types.js";
import { withStartSlot } from "../../host/starts.js";
import { announce } from "../../network/announce.js";
import { progress } from "../../progress.js";
import { attachFailure, describe, holderOf } from "./attach.js";
import type { HostNow } from "./host-facts.js";
import { inspectIfThere } from "./observe.js";
import { discard, isNew, type Work } from "./work.js";

export async function start(work: Work, details: ContainerInspect, host: HostNow): Promise<void> {
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
 * look for it there for half a minute. Planned addresses never change host. Where the driver chooses MACs, each container has another one
 * than the one before it at the same address.
 */
export async function announceFixed({ docker, inputs }: Work, id: string): Promise<void> {
  const fixed = inputs.place.networks.filter((network) => network.fixed || network.ownMac === true);
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
