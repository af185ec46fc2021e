import { openEngineStack } from "../run/open-stack.js";
import type { CommonFlags } from "../commands/options.js";
import type { HostConnection } from "../../provider/host/connection.js";
import { CloudError } from "../../provider/errors.js";
import { ownerOf } from "../../provider/host/ownership.js";
import type { DockerHostState } from "../../provider/resources/docker-host/inputs.js";
import type { NetworkIngressState } from "../../provider/resources/network-ingress/inputs.js";
import type { NetworkNamesState } from "../../provider/resources/network-names/inputs.js";
import type { NetworkPolicyState } from "../../provider/resources/network-policy/inputs.js";
import type { PlacedContainerState } from "../../provider/resources/placed-container/inputs.js";
import type { PlacementState } from "../../provider/resources/placement/inputs.js";
import type { VirtualNetworkState } from "../../provider/resources/virtual-network/inputs.js";
import { unsettledOperations } from "../../engine/index.js";
import { SIGNATURE_KEY, SIGNATURES } from "../../engine/values/signatures.js";
import { TYPE_PREFIX } from "../../sdk/resource.js";

/** What a stack's state says of a cloud. */
export interface CloudState {
  project: string;
  stack: string;
  hosts: { name: string; state: DockerHostState }[];
  plans: PlacementState[];
  networks: VirtualNetworkState[];
  policies: { name: string; state: NetworkPolicyState }[];
  /** Ports that are open on every host. */
  ingress: NetworkIngressState[];
  /** Names that later plans added. */
  names: NetworkNamesState[];
  /** `id` is Docker's. */
  containers: { name: string; id: string; owner: string; state: PlacedContainerState }[];
  /** Docker's ids of containers that were replaced, and that the next up deletes. Absent: none. */
  replaced?: string[];
  /** Operations that died in the midst of it and were not done again. */
  pending: string[];
}

/** Reads the stack's state; touches no host. */
export async function cloudState(flags: CommonFlags): Promise<CloudState> {
  const stack = await openEngineStack(flags);
  const { snapshot } = await stack.exportStack();
  const of = <T>(type: string, isReplaced = false) =>
    snapshot.resources
      .filter((resource) => resource.type === `${TYPE_PREFIX}${type}`)
      .filter((resource) => (resource.delete ?? false) === isReplaced)
      .map((resource) => ({
        name: resource.urn.split("::").at(-1)!,
        state: plain({ ...resource.inputs, ...resource.outputs }) as T,
      }));
  const identity = { project: stack.project, stack: stack.name };
  return {
    ...identity,
    hosts: of<DockerHostState>("DockerHost"),
    plans: of<PlacementState>("Placement").map(({ state }) => state),
    networks: of<VirtualNetworkState>("VirtualNetwork").map(({ state }) => state),
    policies: of<NetworkPolicyState>("NetworkPolicy"),
    ingress: of<NetworkIngressState>("NetworkIngress").map(({ state }) => state),
    names: of<NetworkNamesState>("NetworkNames").map(({ state }) => state),
    containers: of<PlacedContainerState>("PlacedContainer").map(({ name, state }) => ({
      id: state.status.containerId,
      name,
      owner: ownerOf({ ...identity, name }),
      state,
    })),
    replaced: of<PlacedContainerState>("PlacedContainer", true).map(
      ({ state }) => state.status.containerId,
    ),
    pending: unsettledOperations(snapshot).map(
      ({ type, resource }) => `${type} ${resource.urn.split("::").at(-1)!}`,
    ),
  };
}

/** Values without Pulumi's wrapping; secrets are hidden, since what these commands print is read by others. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const record = value as Record<string, unknown>;
  if (record[SIGNATURE_KEY] === SIGNATURES.secret) return "[secret]";
  return Object.fromEntries(Object.entries(record).map(([key, part]) => [key, plain(part)]));
}

/** Published ports of a container as people write them: `8080->80/tcp`, and `*:8080->80/tcp` on every host. */
export function portTexts(
  { ingress }: CloudState,
  { name, state: { spec } }: CloudState["containers"][number],
): string[] {
  const own = spec.ports
    .filter(({ hostPort }) => hostPort > 0)
    .map(({ hostAddress, hostPort, containerPort, protocol }) => {
      const at = hostAddress === "" ? "" : `${hostAddress}:`;
      return `${at}${hostPort}->${containerPort}/${protocol}`;
    });
  const everywhere = ingress.flatMap(({ ports }) =>
    ports.flatMap(({ hostPort, protocol, targets }) =>
      targets
        .filter(({ container }) => container === name)
        .map(({ port }) => `*:${hostPort}->${port}/${protocol}`),
    ),
  );
  return [...own, ...everywhere];
}

/** The connection of every host that the state knows, also of clouds that another stack exported. */
export function connections(cloud: CloudState): HostConnection[] {
  const all = new Map<string, HostConnection>();
  for (const plan of cloud.plans)
    for (const host of plan.hosts) all.set(host.name, host.connection);
  for (const { name, state } of cloud.hosts) all.set(name, state.access);
  for (const { state } of cloud.containers) {
    if (!all.has(state.place.host)) all.set(state.place.host, state.place.connection);
  }
  return [...all.values()];
}

/** One container by its name, also by the end of it: `web-0` for `guestbook-web-0`, if only one ends so. */
export function findContainer(cloud: CloudState, name: string) {
  const exact = cloud.containers.find((container) => container.name === name);
  if (exact) return exact;
  const close = cloud.containers.filter((container) => container.name.endsWith(`-${name}`));
  if (close.length === 1) return close[0]!;
  const names = (close.length > 1 ? close : cloud.containers).map((container) => container.name);
  throw new CloudError(
    "invalid-input",
    close.length > 1
      ? `${name} can be any of ${names.join(", ")}`
      : `stack ${cloud.stack} has no container ${name}`,
    names.length > 0
      ? { hint: `Name one of: ${names.join(", ")}` }
      : { hint: "It has no containers at all: run `clocker up` first." },
  );
}
