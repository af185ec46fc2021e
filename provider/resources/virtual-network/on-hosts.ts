import { CloudError, isUnreachable, messageOf } from "../../errors.js";
import { transportFor } from "../../host/pool.js";
import type { HostFacts, HostPart } from "../../network/driver.js";
import { DRIVERS } from "../../network/drivers.js";
import { NetworkRuntime } from "../../network/runtime.js";
import { planParts } from "../../network/plan.js";
import { currentOperation } from "../../operation.js";
import { progress, warn } from "../../progress.js";
import type { NetworkHost, VirtualNetworkInputs } from "./inputs.js";

/** One host of a network, ready to be worked on. */
export interface HostWork {
  host: NetworkHost;
  part: HostPart;
  runtime: NetworkRuntime;
}

export interface Outcome<T> {
  work: HostWork;
  value?: T;
  error?: unknown;
}

/** `facts` are what the hosts told of themselves so far. */
export function workOn(
  inputs: VirtualNetworkInputs,
  facts: Readonly<Record<string, HostFacts>> = {},
): HostWork[] {
  const parts = new Map(planParts(inputs, facts).map((part) => [part.host, part]));
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
    const transport = transportFor(host.connection);
    const runtime = new NetworkRuntime(DRIVERS[inputs.driver], transport, to, signal);
    return [{ host, part, runtime }];
  });
}

/** What every host has to tell the others; nothing where the driver needs nothing. */
export async function introduceEach(works: readonly HostWork[]): Promise<Outcome<HostFacts>[]> {
  return onEach(works, "asked", ({ runtime, part }) => runtime.introduce(part));
}

/** Facts by host: those told now over those known. */
export function factsFrom(
  outcomes: readonly Outcome<HostFacts>[],
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
export async function moveTraffic(works: readonly HostWork[]): Promise<Outcome<void>[]> {
  if (!works.some(({ runtime }) => runtime.hasSteps)) return [];
  const active = await onEach(works, "activated", ({ runtime, part }) => runtime.activate(part));
  if (failuresOf(active).length > 0) return active;
  return onEach(works, "tidied", ({ runtime, part }) => runtime.retire(part));
}

/** All hosts at once. Every one comes to its end, so that what is known of each can be kept. */
export async function onEach<T>(
  works: readonly HostWork[],
  doing: string,
  body: (work: HostWork) => Promise<T>,
): Promise<Outcome<T>[]> {
  let done = 0;
  return Promise.all(
    works.map(async (work): Promise<Outcome<T>> => {
      try {
        const value = await body(work);
        done += 1;
        progress(`${doing} ${work.host.name} (${done} of ${works.length})`);
        return { work, value };
      } catch (error) {
        progress(`${work.host.name}: ${firstLine(error)}`);
        return { work, error };
      }
    }),
  );
}

export function failuresOf<T>(outcomes: readonly Outcome<T>[]): Outcome<T>[] {
  return outcomes.filter((outcome) => outcome.error !== undefined);
}

/** Takes the network off hosts. One that cannot be reached is a failure, or is forgotten if its connection says so. */
export async function leaveEach(works: readonly HostWork[]): Promise<Outcome<void>[]> {
  return onEach(works, "left", async ({ host, part, runtime }) => {
    try {
      await runtime.leave(part);
    } catch (error) {
      if (!isUnreachable(error) || host.connection.whenUnreachable !== "forget") throw error;
      await warn(
        `host ${host.name} cannot be reached and is forgotten: network ${part.networkId} stays there as bridge and ` +
          `Docker network ${part.networkId}-${part.vni} until it is removed by hand`,
      );
    }
  });
}

/** Status of each host that failed, for the state. */
export function problemsOf(outcomes: readonly Outcome<unknown>[]): Record<string, string[]> {
  return Object.fromEntries(
    failuresOf(outcomes).map(({ work, error }) => [work.host.name, [firstLine(error)]]),
  );
}

/** One sentence for each host: for those that failed, why. */
export function statusOf(outcomes: readonly Outcome<unknown>[], done: string): string[] {
  return outcomes.map(({ work, error }) =>
    error === undefined ? `host ${work.host.name}: ${done}` : messageOf(error),
  );
}

/** Several hosts' errors as one; a single one as it is. */
export function combined(what: string, outcomes: readonly Outcome<unknown>[]): CloudError {
  const errors = failuresOf(outcomes).map(({ error }) => error);
  const first = errors[0];
  if (errors.length === 1 && first instanceof CloudError) return first;
  return new CloudError(first instanceof CloudError ? first.code : "internal", what, {
    reasons: errors.map((error) => firstLine(error)),
    hint: "Put right what the reasons name and run again.",
    cause: first,
  });
}

function firstLine(error: unknown): string {
  return messageOf(error).split("\n")[0] ?? "";
}
