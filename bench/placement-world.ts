import type {
  Candidate,
  ConstraintSpec,
  PlacementRequest,
  PlanInput,
  StrategySpec,
  UserFunctions,
} from "../provider/placement/model.js";

const GiB = 1024 ** 3;
const SERVICES = 200;

/** What the strategies and constraints below refer to by name. */
const functions: UserFunctions = {
  comparators: { bySize: (a, b) => b.memoryBytes - a.memoryBytes },
  scores: { free: ({ freeMemoryBytes }) => freeMemoryBytes },
  predicates: { fast: ({ labels }) => labels["disk"] === "ssd" },
};

/** Each strategy that can be asked for, by the name of its row. */
export const STRATEGIES: Readonly<Record<string, StrategySpec>> = {
  depthFirst: { kind: "depthFirst" },
  breadthFirst: { kind: "breadthFirst" },
  leastContainers: { kind: "leastContainers" },
  random: { kind: "random" },
  lowestCpuUsage: { kind: "lowestCpuUsage" },
  lowestMemoryUsage: { kind: "lowestMemoryUsage" },
  binpack: { kind: "binpack" },
  spread: { kind: "spread" },
  "spread over zone, rack": { kind: "spreadOver", over: [{ label: "zone" }, { label: "rack" }] },
  "spread by targets": {
    kind: "spreadOver",
    over: [{ label: "zone", targets: { z0: 40, z1: 30, z2: 20 } }],
  },
  comparator: { kind: "comparator", name: "bySize" },
  score: { kind: "score", name: "free" },
};

/** The services take these in turn, so that one plan has them all. */
const CONSTRAINTS: readonly ((service: number) => ConstraintSpec)[] = [
  (service) => ({ kind: "label", expression: `zone in (z${service % 4},z${(service + 1) % 4})` }),
  () => ({ kind: "label", expression: 'engine version ">=24 <27"' }),
  () => ({ kind: "hostname", pattern: "host-?*" }),
  (service) => ({ kind: "zone", in: [`z${service % 4}`, `z${(service + 2) % 4}`] }),
  () => ({ kind: "hostGroup", groups: ["front"] }),
  () => ({ kind: "jurisdiction", allow: ["EU"], deny: ["HU"] }),
  () => ({ kind: "distance", from: { latitude: 48.9, longitude: 2.4 }, withinKm: 600 }),
  (service) => ({ kind: "affinity", rules: `NOT TYPE service-${(service + 7) % SERVICES}` }),
  (service) => ({ kind: "affinity", rules: `NOT NAME secret-${service}` }),
  () => ({ kind: "maxCpuUsage", max: 0.9 }),
  () => ({ kind: "maxMemoryUsage", max: 0.95 }),
  () => ({ kind: "predicate", name: "fast" }),
  () => ({ kind: "maxPerHost", max: 50 }),
  () => ({ kind: "distinct", label: "zone", max: 100_000 }),
  () => ({ kind: "maxContainers", max: 100_000 }),
];

/** A cloud for so many requests of 200 services; constrained ones ask for rules of every kind, cpu, memory and ports. */
export function makeWorld(
  hosts: number,
  strategy: StrategySpec,
  constrained: boolean,
  requests: number,
): PlanInput {
  const each = requests / SERVICES;
  return {
    candidates: Array.from({ length: hosts }, (_, i) => makeHost(i, requests / hosts)),
    requests: Array.from({ length: requests }, (_, i) =>
      makeRequest(Math.floor(i / each), i % each, constrained, hosts),
    ),
    networks: [],
    constraints: constrained ? [{ kind: "label", expression: "disk exists" }] : [],
    strategies: [strategy],
    pool: { cidr: "10.128.0.0/9", networkPrefix: 16 },
    seed: "bench/dev",
    previous: { assignments: {}, networks: {} },
    functions,
    ...(constrained
      ? { preferences: [{ weight: 10, prefer: { kind: "label", expression: "disk=ssd" } }] }
      : {}),
  };
}

function makeHost(i: number, load: number): Candidate {
  return {
    name: `host-${i}`,
    labels: {
      zone: `z${i % 4}`,
      rack: `r${i % 40}`,
      disk: i % 2 ? "ssd" : "hdd",
      engine: i % 3 ? "26.1.4" : "20.10.24",
    },
    // Four times what is asked for: rules leave some services an eighth of the hosts, and those do fill up.
    cpus: load * 0.4,
    memoryBytes: load * 4 * GiB,
    headroom: { cpus: 0, memoryBytes: GiB },
    others: [],
    own: {},
    networks: [],
    volumes: [],
    groups: i % 5 ? ["back"] : ["front"],
    location: {
      country: ["DE", "FR", "US", "IT"][i % 4] ?? "DE",
      coordinates: { latitude: 45 + (i % 10), longitude: i % 20 },
    },
    usage: { cpu: (i % 50) / 100, memory: (i % 70) / 100, ageSeconds: 5 },
  };
}

function makeRequest(
  service: number,
  replica: number,
  constrained: boolean,
  hosts: number,
): PlacementRequest {
  // A service with a host port runs at most once on a host.
  const hasPort = constrained && service % 10 === 0 && replica < hosts / 20;
  const rule = CONSTRAINTS[service % CONSTRAINTS.length];
  return {
    name: `service-${service}-${replica}`,
    application: `application-${service % 20}`,
    type: `service-${service}`,
    cpus: constrained ? 0.1 : 0,
    memoryBytes: constrained ? GiB : 0,
    ports: hasPort ? [{ hostPort: 8000 + service, protocol: "tcp", hostAddress: "" }] : [],
    volumes: [],
    networks: [],
    revision: "r1",
    stopFirst: false,
    constraints: constrained && rule ? [rule(service)] : [],
    strategies: [],
  };
}
