import { CloudError } from "../../../provider/errors.js";
import type { HostConnection } from "../../../provider/host/connection.js";
import type { ContainerSummary, DockerInfo } from "../../../provider/host/docker-types.js";
import type { HostSnapshot, ObserveOptions } from "../../../provider/host/observe.js";
import type { PlacementInputs, PlanHost } from "../../../provider/resources/placement/inputs.js";
import { makePlacementLifecycle } from "../../../provider/resources/placement/lifecycle.js";
import { GiB, network, on, replicas } from "./make.js";

/** The plan as a resource, over hosts that are as given. */

export function connection(name: string): HostConnection {
  return {
    kind: "ssh",
    name,
    address: `192.168.7.${name.slice(1)}`,
    port: 22,
    user: "root",
    key: { kind: "agent" },
    sudo: false,
    dockerSocket: "/var/run/docker.sock",
    parallelStarts: 0,
    whenUnreachable: "fail",
  };
}

export function planHost(name: string, over: Partial<PlanHost> = {}): PlanHost {
  return {
    name,
    connection: connection(name),
    labels: {},
    capacity: {},
    headroom: { cpus: 0, memoryBytes: 0 },
    ...over,
  };
}

export function inputs(over: Partial<PlacementInputs> = {}): PlacementInputs {
  return {
    meta: { project: "shop", stack: "dev", name: "cloud", urn: "urn:cloud" },
    cloud: "cloud",
    hosts: [planHost("h1"), planHost("h2")],
    constraints: [],
    strategies: [{ kind: "breadthFirst" }],
    pool: { cidr: "10.128.0.0/9", networkPrefix: 16 },
    networks: [network("app")],
    requests: replicas("web", 2, { networks: [on("app")] }),
    observeTimeout: 10,
    earlier: { assignments: {}, networks: {}, requests: [] },
    ...over,
  };
}

export function seen(name: string, containers: Partial<ContainerSummary>[] = []): HostSnapshot {
  return {
    name,
    reachable: true,
    machine: {
      hostname: name,
      machineId: name,
      reservations: {},
      devices: [],
      cpus: 2,
      memoryBytes: 2 * GiB,
      arch: "x86_64",
      kernel: "6.1",
      os: { id: "debian", like: "", name: "Debian 12" },
      underlay: { address: `192.168.7.${name.slice(1)}`, device: "eth0", mtu: 1500 },
      mtus: {},
      routes: [{ cidr: "192.168.7.0/24", device: "eth0" }],
    },
    engine: {
      id: name,
      version: "20.10.24",
      apiVersion: "1.41",
      info: { NCPU: 2, MemTotal: 2 * GiB } as DockerInfo,
      containers: containers.map((each) => ({
        Id: "c0ffee",
        Names: ["/x"],
        Image: "x",
        ImageID: "x",
        Created: 1,
        State: "running",
        Status: "Up",
        Labels: {},
        Ports: [],
        Mounts: [],
        ...each,
      })),
      networks: [],
      volumes: [],
    },
  };
}

export const lost = (name: string): HostSnapshot => ({
  name,
  reachable: false,
  problem: new CloudError("unreachable", "cannot be reached at 192.168.7.2: timed out", {
    host: name,
    hint: "Check the machine.",
  }),
});

/** The lifecycle over hosts that are as given; records what was asked and said. */
export function world(snapshots: Record<string, HostSnapshot> = {}, failure?: Error) {
  const asked: string[][] = [];
  const wanted: ObserveOptions[] = [];
  const warnings: string[] = [];
  const said: string[] = [];
  const removed: string[] = [];
  const lifecycle = makePlacementLifecycle({
    observe: async (connections, options) => {
      wanted.push(options);
      asked.push(connections.map(({ name }) => name));
      return connections.map(({ name }) => snapshots[name] ?? seen(name));
    },
    warn: async (message) => void warnings.push(message),
    inform: async (message) => void said.push(message),
    removeLeftover: async ({ name }, owner) => {
      if (failure) throw failure;
      removed.push(`${owner} on ${name}`);
      return [`${owner} of ${name}`];
    },
  });
  type Verbs = typeof lifecycle;
  return {
    check: (...args: Parameters<Verbs["check"]>) => lifecycle.check(...args),
    diff: (...args: Parameters<Verbs["diff"]>) => lifecycle.diff(...args),
    create: (...args: Parameters<Verbs["create"]>) => lifecycle.create(...args),
    update: (...args: Parameters<Verbs["update"]>) => lifecycle.update(...args),
    read: (...args: Parameters<Verbs["read"]>) => lifecycle.read(...args),
    remove: (...args: Parameters<Verbs["delete"]>) => lifecycle.delete(...args),
    asked,
    wanted,
    warnings,
    said,
    removed,
  };
}
