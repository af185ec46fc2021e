import type { Ask } from "./constraints/index.js";
import { dataOf } from "./data.js";
import type { HostState } from "./host-state.js";
import type { Stuck } from "./model.js";
import type { World } from "./world.js";

/** Why everything has to leave a host. */
export interface Evacuation {
  readonly cause: Stuck["cause"];
  readonly why: string;
}

/** Undefined: nothing has to leave. */
export function evacuation({ input }: World, { candidate }: HostState): Evacuation | undefined {
  const { name, notReady, lost, drain } = candidate;
  if (lost === true) {
    if (input.replaceLost !== true) return undefined;
    return { cause: "lost", why: `${name} is lost${notReady ? `: it ${notReady}` : ""}` };
  }
  return drain === true ? { cause: "drain", why: `${name} is drained` } : undefined;
}

/** What keeps a container on a host which it should leave: data, or that nobody can see how it is there. */
export function whatHolds(ask: Ask, host: HostState, { cause }: Evacuation): string | undefined {
  if (cause === "drain" && host.notReady !== undefined) return `it ${host.notReady}`;
  const data = dataOf({
    volumes: ask.request.volumes,
    folders: ask.folderHome ? [ask.folderHome.folder] : [],
  });
  return data === undefined ? undefined : `its ${data} is there`;
}

/** A container that stays on a host which it should leave. */
export function stuckOf(name: string, host: string, cause: Stuck["cause"], why: string): Stuck {
  const what = cause === "drain" ? "drained" : "lost";
  return { name, host, cause, sentence: `${name} stays on ${host}, which is ${what}: ${why}` };
}
