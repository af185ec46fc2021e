import { isUnreachable } from "../../errors.js";
import type { HostConnection } from "../../host/connection.js";
import { wayTo } from "../../host/lost-hosts.js";
import { ownerOf } from "../../host/ownership.js";
import { transportFor } from "../../host/pool.js";
import type { Meta } from "../../lifecycle.js";
import type { NetworkRef } from "../../network/driver.js";
import { DRIVERS } from "../../network/drivers.js";
import { NetworkRuntime } from "../../network/runtime.js";
import { warn } from "../../progress.js";
import { combined, failuresOf, onEach } from "../each-host.js";
import { nextOn, noteHandedOver, successionsOn, whoHasNames } from "../successions.js";
import type { ContainerPlace, PlacedContainerState } from "./inputs.js";
import { replacedOf } from "./replaced.js";
import type { Work } from "./work.js";

/** Names are remembered for a second (dns/dnsmasq.ts); whoever asked just before has still to connect. */
const REMEMBERED_MS = 1500;

/** What a state says while names lead to the old container, so that the next up hands them over. */
export const NAMES_WAIT = "its names lead to the container that it replaces";

/** Whether a sentence of a state's drift says so, of all hosts or of some. */
export const isNamesWait = (sentence: string): boolean => sentence.startsWith(NAMES_WAIT);

/** When names were last led to another container of an owner, in milliseconds since 1970. */
const handedOver = new Map<string, number>();

type Attachment = ContainerPlace["networks"][number];

/** Whether names may lead to another container than this one: it replaces one, has another address than it had, or did not get ready. */
export function isAwaited(
  { inputs: { meta, place }, owner }: Work,
  known?: PlacedContainerState,
): boolean {
  if (known ? known.status.drift !== undefined : replacedOf(owner) !== undefined) return true;
  return place.networks.some(
    ({ network, address }) =>
      // An update that died may have given it the address already: then no plan sees another one.
      (known &&
        known.place.networks.some((old) => old.network === network && old.address !== address)) ||
      successionsOn(ownerOf({ ...meta, name: network })).some(
        ({ container }) => container === meta.name,
      ),
  );
}

/**
 * The container is ready: its names lead to it from now on, on every host of its networks. Answers what is left to do, one
 * sentence for each host that cannot be reached any more; what runs there meets the old container until that is gone.
 */
export async function handOver(
  { inputs: { meta, place }, owner }: Work,
  known?: PlacedContainerState,
): Promise<string[]> {
  const namesWait = known?.status.drift?.some(isNamesWait) === true;
  const late = await Promise.all(
    place.networks.map(async (network) => {
      const { address, address6 } = network;
      const addresses = address6 === undefined ? [address] : [address, address6];
      const hosts = await leadNames(meta, owner, network, addresses);
      if (hosts === undefined) return namesWait ? [await withoutPlan(meta, network)] : [];
      return hosts === "" ? [] : [`${NAMES_WAIT} on ${network.network} at ${hosts}`];
    }),
  );
  return late.flat();
}

/**
 * The container is about to go. Names that may still lead to it, as its successor had nothing to do in this run or has failed,
 * lead to that one: it may become ready, the old one never again.
 */
export async function handOverFrom({ meta, place }: PlacedContainerState): Promise<void> {
  for (const network of place.networks) {
    const owner = ownerOf({ ...meta, name: network.network });
    const next = nextOn(owner, meta.name, network.address);
    if (next.length > 0) await leadNames(meta, ownerOf(meta), network, next);
  }
}

/** Only some resources are updated, and not the plan, which knows who has the names. */
async function withoutPlan(meta: Meta, { network }: Attachment): Promise<string> {
  await warn(
    `names of ${meta.name} on network ${network} still lead to the container that it replaces: the next up of the whole stack hands them over`,
    meta,
  );
  return `${NAMES_WAIT} on ${network}`;
}

/**
 * Names of addresses of a network lead to them. Answers the hosts that cannot be reached any more, or undefined where no plan
 * of this run knows the network.
 */
async function leadNames(
  meta: Meta,
  owner: string,
  network: Attachment,
  addresses: readonly string[],
): Promise<string | undefined> {
  const ref = networkOf(network, ownerOf({ ...meta, name: network.network }));
  const names = whoHasNames(ref.owner);
  if (!names) return undefined;
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
  noteHandedOver(ref.owner, addresses);
  const hosts = failures.map(({ work: { host } }) => host.name).join(", ");
  if (hosts === "") return hosts;
  await warn(
    `host ${hosts} cannot be reached: names of ${meta.name} on network ${network.network} are handed over there by the first up that reaches it`,
    meta,
  );
  return hosts;
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
