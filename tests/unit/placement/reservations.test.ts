import { describe, expect, it } from "vitest";
import { rowOf } from "../../../cli/cloud/hosts.js";
import type { CloudState } from "../../../cli/cloud/state.js";
import type { ContainerSummary } from "../../../provider/host/docker-types.js";
import type { HostSnapshot } from "../../../provider/host/observe.js";
import { parseMachine } from "../../../provider/host/observe-script.js";
import { LABELS } from "../../../provider/host/ownership.js";
import { parseReservations } from "../../../provider/host/reservations.js";
import { toCandidate } from "../../../provider/resources/placement/candidate.js";
import type { PlanHost } from "../../../provider/resources/placement/inputs.js";

const MIB = 1024 ** 2;
const id = (digit: string) => digit.repeat(64);

const container = (digit: string, labels: Record<string, string>): ContainerSummary => ({
  Id: id(digit),
  Names: [`/c${digit}`],
  Image: "web",
  ImageID: "sha256:1",
  Created: 1,
  State: "running",
  Status: "Up 1 second",
  Labels: labels,
  Ports: [],
  Mounts: [],
});
const ours = (owner: string) => ({
  [LABELS.owner]: owner,
  [LABELS.cpus]: "0.5",
  [LABELS.memory]: String(64 * MIB),
});

/** b's limits were changed after it was made; c is not ours. */
const snapshot = {
  name: "h1",
  reachable: true,
  machine: parseMachine(`cpus 4\nmemory 1024\nreservation ${id("b")} 1.5 ${256 * MIB}\n`, "ssh"),
  engine: {
    info: { NCPU: 4, MemTotal: 1024 * MIB },
    version: "20.10.24",
    containers: [
      container("a", ours("p/s/a")),
      container("b", ours("p/other/b")),
      container("c", {}),
    ],
    networks: [],
    volumes: [],
  },
} as unknown as HostSnapshot;

const host = {
  name: "h1",
  connection: { kind: "local", name: "h1" },
  labels: {},
  capacity: { memoryBytes: 512 * MIB },
  headroom: { cpus: 0, memoryBytes: 0 },
} as unknown as PlanHost;

describe("what containers reserve", () => {
  it("is what was granted last, for the plan", () => {
    const owners = {
      requests: new Map([["p/s/a", "a"]]),
      networks: new Map(),
      planned: new Set<string>(),
    };
    const candidate = toCandidate(host, snapshot, owners);
    expect(candidate.own["a"]).toMatchObject({ cpus: 0.5, memoryBytes: 64 * MIB });
    expect(
      candidate.others.map(({ name, cpus, memoryBytes }) => [name, cpus, memoryBytes]),
    ).toEqual([
      ["cb", 1.5, 256 * MIB],
      ["cc", 0, 0],
    ]);
  });

  it("is the same for clocker hosts", () => {
    const cloud = { project: "p", stack: "s", hosts: [], plans: [{ hosts: [host] }] };
    const row = rowOf(cloud as unknown as CloudState, snapshot);
    expect(row).toMatchObject({
      name: "h1",
      address: "this machine",
      status: "ready",
      containers: { running: 3, ofThisStack: 1, ofOtherStacks: 1, foreign: 1 },
      cpus: { total: 4, reserved: 2 },
      memoryBytes: { total: 512 * MIB, reserved: 320 * MIB },
    });
  });

  it("passes over whatever else is in the folder", () => {
    expect(
      parseReservations(`reservation .x 1 1\nreservation ${id("a")} -1 5\nroute a b\n`),
    ).toEqual({});
  });
});
