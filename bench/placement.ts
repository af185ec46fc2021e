import type {
  Candidate,
  PlacementRequest,
  PlanInput,
  StrategyName,
} from "../provider/placement/model.js";
import { placeAll } from "../provider/placement/place.js";

/** One measured figure. `against` says what `ratio` compares the value with. */
export interface BenchRow {
  suite: string;
  name: string;
  value: number;
  unit: string;
  ratio: number;
  against: string;
  goal: string;
  ok: boolean;
}

const GOAL = 60_000;
const REQUESTS = 100_000;
const GiB = 1024 ** 3;

/** Placements per second for 100,000 requests on 1,000 and 10,000 hosts, for each strategy, with and without constraints. */
export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const kinds: StrategyName[] = [
    "depthFirst",
    "breadthFirst",
    "leastContainers",
    "random",
    "binpack",
    "spread",
  ];
  for (const hosts of [1_000, 10_000]) {
    for (const kind of kinds) {
      for (const constrained of [false, true]) rows.push(measure(hosts, kind, constrained));
    }
  }
  return rows;
}

function measure(hosts: number, kind: StrategyName, constrained: boolean): BenchRow {
  const world = makeWorld(hosts, kind, constrained);
  placeAll(makeWorld(100, kind, constrained, 2_000));
  const start = process.hrtime.bigint();
  const { placed, refusals } = placeAll(world);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (placed.size !== REQUESTS) {
    throw new Error(`placed ${placed.size} of ${REQUESTS}: ${refusals[0]?.sentence ?? ""}`);
  }
  const value = Math.round(REQUESTS / seconds);
  return {
    suite: "placement",
    name: `${kind}, ${hosts} hosts x ${REQUESTS} requests${constrained ? ", constraints" : ""}`,
    value,
    unit: "placements/s",
    ratio: Math.round((value / GOAL) * 100) / 100,
    against: `${GOAL} placements/s`,
    goal: `>= ${GOAL} placements/s`,
    ok: value >= GOAL,
  };
}

/** 200 services; constrained ones ask for a zone, for cpu and memory, and every tenth for a host port. */
function makeWorld(
  hosts: number,
  kind: StrategyName,
  constrained: boolean,
  requests = REQUESTS,
): PlanInput {
  const services = 200;
  const each = requests / services;
  return {
    candidates: Array.from({ length: hosts }, (_, i) => makeHost(i, requests / hosts)),
    requests: Array.from({ length: requests }, (_, i) =>
      makeRequest(Math.floor(i / each), i % each, constrained, hosts),
    ),
    networks: [],
    constraints: constrained ? [{ kind: "label", expression: "disk exists" }] : [],
    strategies: [{ kind }],
    pool: { cidr: "10.128.0.0/9", networkPrefix: 16 },
    seed: "bench/dev",
    previous: { assignments: {}, networks: {} },
  };
}

function makeHost(i: number, load: number): Candidate {
  return {
    name: `host-${i}`,
    labels: { zone: `z${i % 4}`, disk: i % 2 ? "ssd" : "hdd" },
    // Half as much again as is asked for, so that hosts do fill up.
    cpus: load * 0.15,
    memoryBytes: load * 1.5 * GiB,
    headroom: { cpus: 0, memoryBytes: GiB },
    others: [],
    own: {},
    networks: [],
    volumes: [],
  };
}

function makeRequest(
  service: number,
  replica: number,
  constrained: boolean,
  hosts: number,
): PlacementRequest {
  // A service with a host port runs at most once on a host; a fifth of its zone has one.
  const hasPort = constrained && service % 10 === 0 && replica < hosts / 20;
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
    constraints: constrained ? [{ kind: "label", expression: `zone=z${service % 4}` }] : [],
    strategies: [],
  };
}
