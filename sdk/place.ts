import * as pulumi from "@pulumi/pulumi";
import { factsOf, isDriverName } from "../provider/ipam/driver-facts.js";
import { Twins } from "../provider/ipam/twins.js";
import type { DockerCloud } from "./resources/docker-cloud.js";
import type { Placement } from "./resources/placement.js";
import type { VirtualNetwork } from "./resources/virtual-network.js";

interface Attachment {
  network: VirtualNetwork;
  address?: string;
  aliases?: string[];
}

interface PlaceWish {
  type: string;
  group: string;
  /** It wants no more than so many containers on its host; Infinity when it does not mind. */
  maxContainers: number;
}

/**
 * Where the plan put a container, as the container's input. A promise of plain data: an output for each leaf would cost
 * more than all else that a large program does, and one output for all of it would be unknown while any leaf is. What
 * it depends on hangs on the few leaves that are outputs, which all containers of a host share.
 */
export function placeOf(
  plan: Placement,
  name: string,
  cloud: DockerCloud,
  attachments: readonly Attachment[],
  { maxContainers, ...kind }: PlaceWish,
): Promise<Record<string, unknown>> {
  const place = resolve(plan, name, cloud, attachments, kind, maxContainers);
  place.catch(() => undefined); // the registration, which waits for it, reports it
  return place;
}

async function resolve(
  plan: Placement,
  name: string,
  cloud: DockerCloud,
  attachments: readonly Attachment[],
  kind: { type: string; group: string },
  maxContainers: number,
): Promise<Record<string, unknown>> {
  const assignment = at(await seen(plan.assignments), name);
  const host = at(assignment, "host");
  const addresses = at(assignment, "addresses");
  await turnOf(plan, name, cloud);
  const devices = (assignment as { devices?: string[] } | undefined)?.devices;
  const parts = typeof host === "string" ? cloud.hostBook.partsOf(host, maxContainers) : undefined;
  return {
    host: fromPlan(plan, typeof host === "string" ? host : pulumi.unknown),
    connection: parts?.connection ?? pulumi.unknown,
    reason: at(assignment, "reason"),
    capacity: parts?.capacity ?? pulumi.unknown,
    ...kind,
    ...(devices ? { devices } : {}),
    networks: await Promise.all(
      attachments.map(async ({ network, address, aliases }) => {
        const allocation = await seen(network.allocation);
        const members = at(allocation, "hosts");
        const planned = at(addresses, network.networkName);
        const domain = await seen(network.domain);
        const gateway =
          typeof host === "string" ? at(at(members, host), "gateway") : pulumi.unknown;
        return {
          network: network.networkName,
          dockerName: network.dockerName,
          vni: await seen(network.vni),
          domain,
          address: planned,
          ...ipv6Of(allocation, planned),
          ...(await macsOf(network)),
          ...namesOf(network, gateway, [name, ...(aliases ?? [])], domain),
          fixed: address !== undefined,
        };
      }),
    ),
  };
}

/** Who answers its names, and where: a container on a network of Docker's own names brings its names along. */
function namesOf(
  { nameServer: names }: VirtualNetwork,
  gateway: unknown,
  own: readonly string[],
  domain: unknown,
): Record<string, unknown> {
  if (names === "dnsmasq") return { gateway };
  if (names === "weave") return { gateway, names };
  const plain = [...new Set(own.map((each) => each.toLowerCase()))].sort();
  const aliases =
    typeof domain === "string"
      ? [...plain, ...plain.map((each) => `${each}.${domain}`)]
      : pulumi.unknown;
  return { gateway: "", names, aliases };
}

async function macsOf(network: VirtualNetwork): Promise<{ ownMac?: true }> {
  const driver = await seen(network.driver);
  return isDriverName(driver) && factsOf(driver).ownMacs ? { ownMac: true } : {};
}

/** What IPv6 address goes with the planned one; nothing where the network has none, or where one of the two is not known yet. */
function ipv6Of(allocation: unknown, address: unknown): { address6?: unknown } {
  const { cidr, cidr6 } = (allocation ?? {}) as { cidr?: unknown; cidr6?: unknown };
  if (pulumi.isUnknown(allocation) || cidr6 === undefined) return {};
  if (typeof cidr !== "string" || typeof cidr6 !== "string" || typeof address !== "string")
    return { address6: pulumi.unknown };
  return { address6: Twins.of({ cidr, cidr6 })?.ipv6(address) };
}

/**
 * Containers that move for a drain or a rebalancing do so one by one. This is a wait, not a dependency: once each is in
 * its place they have nothing to do with each other.
 */
async function turnOf(plan: Placement, name: string, cloud: DockerCloud): Promise<void> {
  const after = at(await seen(plan.order), name);
  if (typeof after === "string") await cloud.whenPlaced(after);
}

/** One key, unknown where what it is in is unknown: as Pulumi's lifted access does it. */
function at(value: unknown, key: string): unknown {
  if (value === undefined || value === null || pulumi.isUnknown(value)) return pulumi.unknown;
  return (value as Record<string, unknown>)[key] ?? pulumi.unknown;
}

interface Internals {
  promise(withUnknowns: boolean): Promise<unknown>;
  isKnown: Promise<boolean>;
}

const settled = new WeakMap<object, Promise<unknown>>();

/** The value of an output with unknown leaves in it. */
function seen(output: pulumi.Output<unknown>): Promise<unknown> {
  let value = settled.get(output);
  if (!value) {
    const { isKnown } = output as unknown as Internals;
    value = Promise.all([(output as unknown as Internals).promise(true), isKnown]).then(
      ([found, known]) => (known || pulumi.containsUnknowns(found) ? found : pulumi.unknown),
    );
    settled.set(output, value);
  }
  return value;
}

const hosts = new WeakMap<Placement, Map<unknown, pulumi.Output<unknown>>>();

/** A value that depends on the plan. */
function fromPlan(plan: Placement, value: unknown): pulumi.Output<unknown> {
  let known = hosts.get(plan);
  if (!known) hosts.set(plan, (known = new Map<unknown, pulumi.Output<unknown>>()));
  let output = known.get(value);
  if (!output) {
    const assignments = plan.assignments as unknown as {
      apply(body: () => unknown, runWithUnknowns: boolean): pulumi.Output<unknown>;
    };
    known.set(value, (output = assignments.apply(() => value, true)));
  }
  return output;
}
