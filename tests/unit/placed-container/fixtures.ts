import type { HostConnection } from "../../../provider/host/connection.js";
import { withDefaults } from "../../../provider/resources/placed-container/defaults.js";
import type {
  ContainerPlace,
  ContainerSpec,
  PlacedContainerInputs,
  PlacedContainerState,
} from "../../../provider/resources/placed-container/inputs.js";
import { placedContainerLifecycle } from "../../../provider/resources/placed-container/lifecycle.js";
import { wrapLifecycle } from "../../../provider/wrap.js";

/** As the dynamic-provider server calls it. */
export const lifecycle = wrapLifecycle(placedContainerLifecycle, { kind: "PlacedContainer" });

export const MIB = 1024 * 1024;

export const connectionTo = (name: string, more: Partial<HostConnection> = {}): HostConnection => ({
  kind: "ssh",
  name,
  address: name,
  port: 22,
  user: "root",
  key: { kind: "agent" },
  sudo: false,
  dockerSocket: "/var/run/docker.sock",
  parallelStarts: 2,
  whenUnreachable: "fail",
  ...more,
});

export const LAN = {
  network: "lan",
  dockerName: "lan-77",
  vni: 77,
  domain: "lan.clocker",
  address: "10.64.0.2",
  gateway: "10.64.0.1",
  fixed: false,
};

export const DMZ = {
  network: "dmz",
  dockerName: "dmz-78",
  vni: 78,
  domain: "dmz.clocker",
  address: "10.65.0.2",
  gateway: "10.65.0.1",
  fixed: false,
};

export function specOf(more: Record<string, unknown> = {}): ContainerSpec {
  return withDefaults({
    image: "clocker/web:1",
    cpus: 0.5,
    memoryBytes: 64 * MIB,
    pids: 64,
    networks: [{ network: "lan" }],
    waitSeconds: 3,
    ...more,
  }) as unknown as ContainerSpec;
}

export function placeOf(more: Partial<ContainerPlace> = {}): ContainerPlace {
  const host = more.host ?? "h1";
  return {
    host,
    connection: connectionTo(host),
    reason: "fewest containers",
    networks: [LAN],
    ...more,
  };
}

export function inputsOf(
  spec: Record<string, unknown> = {},
  place: Partial<ContainerPlace> = {},
  more: Partial<PlacedContainerInputs> = {},
): PlacedContainerInputs {
  return {
    meta: { project: "app", stack: "dev", name: "web-0", urn: "urn:web-0" },
    cloud: "cloud",
    spec: specOf(spec),
    place: placeOf(place),
    ...more,
  };
}

export function stateOf(
  inputs: PlacedContainerInputs,
  status: Partial<PlacedContainerState["status"]> = {},
): PlacedContainerState {
  return {
    ...inputs,
    status: {
      containerId: "c".repeat(64),
      containerName: "dev-web-0-0123abcd",
      generation: "0123abcd",
      specHash: "",
      imageId: "sha256:1",
      imageDigest: "",
      state: "running",
      ...status,
    },
  };
}
