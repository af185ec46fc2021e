import { printJson, table } from "../commands/table.js";
import type { CommonFlags } from "../commands/options.js";
import { bytes } from "../lab/format.js";
import { finish } from "../program.js";
import { observeHosts, type HostSnapshot } from "../../provider/host/observe.js";
import { LABELS } from "../../provider/host/ownership.js";
import { reservationOf } from "../../provider/host/reservations.js";
import type { PlanHost } from "../../provider/resources/placement/inputs.js";
import { cloudState, connections, type CloudState } from "./state.js";

export interface HostRow {
  name: string;
  address: string;
  status: "ready" | "no docker" | "unreachable";
  /** Why it is not ready. */
  problem?: string;
  labels: Record<string, string>;
  engine: string;
  containers: { running: number; ofThisStack: number; ofOtherStacks: number; foreign: number };
  cpus: { total: number; reserved: number };
  memoryBytes: { total: number; reserved: number };
}

/** `clocker hosts`: every host with what it offers and what is promised on it. */
export async function hosts(flags: CommonFlags & { json?: boolean }): Promise<void> {
  const cloud = await cloudState(flags);
  const snapshots = await observeHosts(connections(cloud));
  const rows = snapshots.map((snapshot) => rowOf(cloud, snapshot));
  if (flags.json) printJson(rows);
  else if (rows.length === 0) console.log(`Stack ${cloud.stack} has no hosts.`);
  else print(rows);
  if (rows.some(({ status }) => status !== "ready")) finish(1);
}

/** One host's row from the state and what was seen; pure. */
export function rowOf(cloud: CloudState, snapshot: HostSnapshot): HostRow {
  const { name } = snapshot;
  const planned: PlanHost | undefined = cloud.plans
    .flatMap((plan) => plan.hosts)
    .find((host) => host.name === name);
  const access =
    planned?.connection ?? cloud.hosts.find((host) => host.name === name)?.state.access;
  const row: HostRow = {
    name,
    address:
      access === undefined || access.kind === "local"
        ? "this machine"
        : `${access.address}:${access.port}`,
    status: "unreachable",
    labels: planned?.labels ?? {},
    engine: "",
    containers: { running: 0, ofThisStack: 0, ofOtherStacks: 0, foreign: 0 },
    cpus: { total: planned?.capacity.cpus ?? 0, reserved: 0 },
    memoryBytes: { total: planned?.capacity.memoryBytes ?? 0, reserved: 0 },
  };
  if (!snapshot.reachable) return { ...row, problem: snapshot.problem.message };
  row.cpus.total ||= snapshot.machine.cpus;
  row.memoryBytes.total ||= snapshot.machine.memoryBytes;
  if (!snapshot.engine) {
    return {
      ...row,
      status: "no docker",
      problem: snapshot.engineProblem?.message ?? "Docker is not installed",
    };
  }
  for (const container of snapshot.engine.containers) {
    const owner = container.Labels[LABELS.owner];
    if (container.State === "running") row.containers.running++;
    if (owner === undefined) row.containers.foreign++;
    else if (owner.startsWith(`${cloud.project}/${cloud.stack}/`)) row.containers.ofThisStack++;
    else row.containers.ofOtherStacks++;
    const { cpus, memoryBytes } = reservationOf(container, snapshot.machine.reservations);
    row.cpus.reserved += cpus;
    row.memoryBytes.reserved += memoryBytes;
  }
  return { ...row, status: "ready", engine: snapshot.engine.version };
}

function print(rows: readonly HostRow[]): void {
  console.log(
    table(
      [
        "NAME",
        "ADDRESS",
        "STATUS",
        "DOCKER",
        "CONTAINERS",
        "CPUS RESERVED",
        "MEMORY RESERVED",
        "LABELS",
      ],
      rows.map((row) => [
        row.name,
        row.address,
        row.status,
        row.engine,
        containersText(row),
        `${Number(row.cpus.reserved.toFixed(2))} of ${row.cpus.total}`,
        `${bytes(row.memoryBytes.reserved)} of ${bytes(row.memoryBytes.total)}`,
        Object.entries(row.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(" "),
      ]),
    ),
  );
  for (const { problem } of rows) if (problem !== undefined) process.stderr.write(`\n${problem}\n`);
}

function containersText({ containers }: HostRow): string {
  const parts = [
    `${containers.ofThisStack}`,
    ...(containers.ofOtherStacks > 0 ? [`${containers.ofOtherStacks} of other stacks`] : []),
    ...(containers.foreign > 0 ? [`${containers.foreign} foreign`] : []),
  ];
  return parts.join(", ");
}
