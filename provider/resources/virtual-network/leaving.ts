import { isConflict } from "../../errors.js";
import { wayTo } from "../../host/lost-hosts.js";
import { failuresOf, onEach } from "../each-host.js";
import type { HostWork } from "./on-hosts.js";

export interface Leaving {
  /** Nothing is on it any more, as far as is known. */
  now: HostWork[];
  /**
   * Containers are still on it. They move in the same update, but after the network: their host stays a full member until
   * they are gone, so that they are not cut off, and the next update leaves it.
   */
  later: HostWork[];
}

/**
 * Which hosts of before leave now. A machine that goes on under another name is not left at all: its new name takes over
 * what is there, and leaving would take that away.
 */
export async function leavingOf(
  before: readonly HostWork[],
  staying: readonly HostWork["host"][],
): Promise<Leaving> {
  const names = new Set(staying.map(({ name }) => name));
  const gone = before.filter(({ host }) => !names.has(host.name));
  if (gone.length === 0) return { now: [], later: [] };
  const asked = await onEach(gone, "asked", ({ runtime, part }) => runtime.refuseInUse(part));
  const inUse = new Set(
    failuresOf(asked).flatMap(({ work, error }) => (isConflict(error) ? [work] : [])),
  );
  const machines = new Set(staying.map(({ connection }) => wayTo(connection)));
  const isRenamed = ({ host }: HostWork): boolean => machines.has(wayTo(host.connection));
  return {
    // A renamed one with containers is refused, as two names cannot have their parts on one machine.
    now: gone.filter((work) => isRenamed(work) === inUse.has(work)),
    later: gone.filter((work) => inUse.has(work) && !isRenamed(work)),
  };
}
