import { isUnreachable } from "../../errors.js";
import type { HostConnection } from "../../host/connection.js";
import { wayTo } from "../../host/lost-hosts.js";
import { ownerOf } from "../../host/ownership.js";
import { transportFor } from "../../host/pool.js";
import type { NetworkRef } from "../../network/driver.js";
import { DRIVERS } from "../../network/drivers.js";
import { NetworkRuntime } from "../../network/runtime.js";
import { warn } from "../../progress.js";
import { combined, failuresOf, onEach } from "../each-host.js";
import { successionsOn, whoHasNames } from "../successions.js";
import type { ContainerPlace, PlacedContainerState } from "./inputs.js";
import { replacedOf } from "./replaced.js";
import type { Work } from "./work.js";

/** Names are remembered for a second (dns/dnsmasq.ts); whoever asked just before has still to connect. */
const REMEMBERED_MS = 1500;

/** What a state says while names lead to the old container, so that the next up hands them over. */
export const NAMES_WAIT = "its names lead to the container that it replaces";

/** When names were last led to another container of an owner, in milliseconds since 1970. */
const handedOver = new Map<string, number>();

type Attachment = ContainerPlace["networks"][number];

/** Whether names may lead to another container than this one: it replaces one, has another address than it had, or did not get ready. */
export function isAwaited(
  { inputs: { meta, place }, owner }: Work,
  known?: PlacedContainerState["status"],
): boolean {
  if (known ? known.drift !== undefined : replacedOf(owner).size > 0) return true;
  return place.networks.some(({ network }) =>
    successionsOn(ownerOf({ ...meta, name: network })).some(
      ({ container }) => container === meta.name,
    ),
  );
}

/**
 * The container is ready: its names lead to it from now on, on every host of its networks. Answers what is left to do, one
 * sentence for each host that cannot be reached any more; what runs there meets the old container until that is gone.
 */
export async function handOver(work: Work): Promise<string[]> {
  const late = await Promise.all(
    work.inputs.place.networks.map((network) => handOverOn(work, network)),
  );
  return late.flat();
}

async function handOverOn({ inputs: { meta }, owner }: Work, network: Attachment) {
  const ref = networkOf(network, ownerOf({ ...meta, name: network.network }));
  const names = whoHasNames(ref.owner);
  if (!names) return [];
  const { address, address6 } = network;
  const addresses = address6 === undefined ? [address] : [address, address6];
  const works = names.hosts.map((connection) => ({
    host: { name: connection.name },
    runtime: runtimeOf(names.driver, connection),
    way: wayTo(connection),
  }));
  const outcomes = await onEach(works, "names lead to it on", ({ runtime, way }) =>
    together(`${ref.owner} ${way}`, addresses, (all) => runtime.handOver(ref, all)),
  );
  if (outcomes.some(({ value }) => value === true)) handedOver.set(owner, Date.now());
  const failures = failuresOf(outcomes);
  if (!failures.every(({ error }) => isUnreachable(error)))
    throw combined(`not all names of container ${meta.name} were handed over`, failures);
  if (failures.length === 0) return [];
  const hosts = failures.map(({ work: { host } }) => host.name).join(", ");
  await warn(
    `host ${hosts} cannot be reached: names of ${meta.name} on network ${network.network} are handed over there by the first up that reaches it`,
    meta,
  );
  return [`${NAMES_WAIT} on ${network.network} at ${hosts}`];
}

/**
 * Until nobody remembers an address that its names led to a moment ago: the container there may stop then. Nothing to wait for
 * where this run has not handed names over.
 */
export async function untilForgotten(owner: string): Promise<void> {
  const since = Date.now() - (handedOver.get(owner) ?? 0);
  if (since < REMEMBERED_MS) {
    await new Promise((resolve) => setTimeout(resolve, REMEMBERED_MS - since));
  }
}

function networkOf({ dockerName, vni }: Attachment, owner: string): NetworkRef {
  return { networkId: dockerName.slice(0, -`-${vni}`.length), vni, owner };
}

/** What a host keeps of names is a matter of that host alone: no other one is spoken to. */
function runtimeOf(driver: keyof typeof DRIVERS, connection: HostConnection): NetworkRuntime {
  const transport = transportFor(connection);
  return new NetworkRuntime(DRIVERS[driver], transport, () => transport);
}

/** Addresses that wait for their turn on a host, and the turn that takes them along. */
interface Queue {
  waiting: Set<string>;
  next?: Promise<boolean>;
  last: Promise<unknown>;
}

const queues = new Map<string, Queue>();

/** One call at a time for a key; who comes while one is under way goes with all others who do. */
function together(
  key: string,
  addresses: readonly string[],
  call: (addresses: string[]) => Promise<boolean>,
): Promise<boolean> {
  const queue = queues.get(key) ?? { waiting: new Set<string>(), last: Promise.resolve() };
  queues.set(key, queue);
  for (const address of addresses) queue.waiting.add(address);
  if (!queue.next) {
    queue.next = queue.last.then(() => {
      const all = [...queue.waiting];
      queue.waiting.clear();
      delete queue.next;
      return call(all);
    });
    queue.last = queue.next.catch(() => undefined);
  }
  return queue.next;
}
