import { CloudError, isUnreachable } from "../../errors.js";
import { transportFor } from "../../host/pool.js";
import { whenUnreachable } from "../../host/unreachable-policy.js";
import type { HostFacts, HostPart } from "../../network/driver.js";
import { DRIVERS } from "../../network/drivers.js";
import { NetworkRuntime } from "../../network/runtime.js";
import { planParts } from "../../network/plan.js";
import { currentOperation } from "../../operation.js";
import { warn } from "../../progress.js";
import { registerSecret } from "../../redact.js";
import { failuresOf, onEach, type OnHost, type Outcome } from "../each-host.js";
import type { NetworkHost, VirtualNetworkInputs } from "./inputs.js";

/** One host of a network, ready to be worked on. */
export interface HostWork extends OnHost {
  host: NetworkHost;
  part: HostPart;
  runtime: NetworkRuntime;
}

/**
 * `facts` are what the hosts told of themselves so far; `generation` is the creation that they are worked on for; `serving` is
 * whom names on a host lead to until others are ready.
 */
export function workOn(
  inputs: VirtualNetworkInputs,
  facts: Readonly<Record<string, HostFacts>> | undefined,
  generation: string | undefined,
  serving?: (host: NetworkHost) => ReadonlyMap<string, string>,
): HostWork[] {
  const planned = planParts(inputs, facts, generation, serving);
  const parts = new Map(planned.map((part) => [part.host, part]));
  const signal = currentOperation()?.signal;
  const connections = new Map(inputs.hosts.map(({ name, connection }) => [name, connection]));
  const to = (name: string) => {
    const connection = connections.get(name);
    if (!connection)
      throw new CloudError("internal", `network ${inputs.networkId} has no host ${name}`);
    return transportFor(connection);
  };
  return inputs.hosts.flatMap((host) => {
    const part = parts.get(host.name);
    if (!part) return [];
    registerSecret(part.secrets);
    const transport = transportFor(host.connection);
    const runtime = new NetworkRuntime(DRIVERS[inputs.driver], transport, to, signal);
    return [{ host, part, runtime }];
  });
}

/**
 * What every host has to tell the others; nothing where the driver needs nothing. A newcomer may lack the programs for it:
 * it is prepared first.
 */
export async function introduceEach(
  works: readonly HostWork[],
  isNew: (work: HostWork) => boolean = () => false,
): Promise<Outcome<HostFacts, HostWork>[]> {
  return onEach(works, "asked", async (work) => {
    if (isNew(work)) await work.runtime.prepare(work.part);
    return work.runtime.introduce(work.part);
  });
}

/** Facts by host: those told now over those known. */
export function factsFrom(
  outcomes: readonly Outcome<HostFacts, HostWork>[],
  known: Readonly<Record<string, HostFacts>> = {},
): Record<string, HostFacts> {
  const facts: Record<string, HostFacts> = { ...known };
  for (const { work, value } of outcomes)
    if (value && Object.keys(value).length > 0) facts[work.host.name] = value;
  return facts;
}

/**
 * Once all hosts have joined: traffic moves over to what is new, and when it has on every host, what was there before
 * goes. Drivers that change nothing by steps have nothing to do.
 */
export async function moveTraffic(works: readonly HostWork[]): Promise<Outcome<void, HostWork>[]> {
  if (!works.some(({ runtime }) => runtime.hasSteps)) return [];
  const active = await onEach(works, "activated", ({ runtime, part }) => runtime.activate(part));
  if (failuresOf(active).length > 0) return active;
  return onEach(works, "tidied", ({ runtime, part }) => runtime.retire(part));
}

/**
 * Takes the network off hosts; `ending`: off all that it has. One that cannot be reached is a failure, or is forgotten if
 * its connection says so.
 */
export async function leaveEach(
  works: readonly HostWork[],
  ending: boolean,
): Promise<Outcome<void, HostWork>[]> {
  return onEach(works, "left", async ({ host, part, runtime }) => {
    try {
      await runtime.leave(part, ending);
    } catch (error) {
      if (!isUnreachable(error) || whenUnreachable(host.connection) !== "forget") throw error;
      await warn(
        `host ${host.name} cannot be reached and is forgotten: network ${part.networkId} stays there as bridge and ` +
          `Docker network ${part.networkId}-${part.vni} until it is removed by hand`,
      );
    }
  });
}
