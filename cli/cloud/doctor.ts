import { stdoutColors } from "../display/paint.js";
import { printJson } from "../commands/table.js";
import type { CommonFlags } from "../commands/options.js";
import { finish } from "../program.js";
import {
  observeHosts,
  type EngineSnapshot,
  type HostSnapshot,
} from "../../provider/host/observe.js";
import { LABELS } from "../../provider/host/ownership.js";
import { cloudState, connections, type CloudState } from "./state.js";

const pc = stdoutColors();

export interface Found {
  kind: "container" | "network" | "volume";
  name: string;
  /** owned: in this stack's state. other: another stack's. orphan: ours, but in no state. foreign: not made by us. */
  belongs: "owned" | "other" | "orphan" | "foreign";
  owner: string;
}

export interface HostReport {
  host: string;
  /** What is wrong, one sentence each. */
  problems: string[];
  /** Worth knowing, but nothing is broken. */
  hints: string[];
  objects: Found[];
}

/** `clocker doctor`: what is ours, what is not, what is left over, and whether the hosts are well. Changes nothing. */
export async function doctor(flags: CommonFlags & { json?: boolean }): Promise<void> {
  const cloud = await cloudState(flags);
  const snapshots = await observeHosts(connections(cloud));
  const reports = snapshots.map((snapshot) => reportOf(cloud, snapshot));
  const pending = cloud.pending.map(
    (operation) =>
      `${operation} was interrupted: run \`clocker up\`, which finds and adopts what was left`,
  );
  if (flags.json) printJson({ stack: cloud.stack, pending, hosts: reports });
  else print(cloud, pending, reports);
  if (pending.length > 0 || reports.some(isSick)) finish(1);
}

const isSick = ({ problems, objects }: HostReport) =>
  problems.length > 0 || objects.some(({ belongs }) => belongs === "orphan");

/** One host's report from the state and what was seen; pure. */
export function reportOf(cloud: CloudState, snapshot: HostSnapshot): HostReport {
  const report: HostReport = { host: snapshot.name, problems: [], hints: [], objects: [] };
  if (!snapshot.reachable) {
    report.problems.push(snapshot.problem.message);
    return report;
  }
  if (!snapshot.engine) {
    report.problems.push(
      snapshot.engineProblem?.message ?? `host ${snapshot.name}: Docker is not installed`,
    );
    return report;
  }
  report.objects.push(
    ...containers(cloud, snapshot.name, snapshot.engine),
    ...networks(cloud, snapshot.engine),
  );
  report.objects.push(...volumes(cloud, snapshot.engine));
  report.problems.push(...missing(cloud, snapshot.name, snapshot.engine));
  report.hints.push(...hints(snapshot.engine));
  return report;
}

function containers(cloud: CloudState, host: string, engine: EngineSnapshot): Found[] {
  const known = new Set([
    ...cloud.containers.filter(({ state }) => state.place.host === host).map(({ id }) => id),
    ...(cloud.replaced ?? []),
  ]);
  return engine.containers.map((container) => {
    const owner = container.Labels[LABELS.owner] ?? "";
    return {
      kind: "container",
      name: container.Names[0]?.slice(1) ?? container.Id,
      owner,
      belongs: belongsTo(cloud, owner, known.has(container.Id)),
    };
  });
}

/** Networks that Docker makes by itself are nobody's concern. */
const BUILT_IN = new Set(["bridge", "host", "none", "docker_gwbridge", "ingress"]);

function networks(cloud: CloudState, engine: EngineSnapshot): Found[] {
  const known = new Set(cloud.networks.flatMap((network) => Object.values(network.dockerIds)));
  return engine.networks
    .filter(({ Name }) => !BUILT_IN.has(Name))
    .map((network) => {
      const owner = network.Labels?.[LABELS.owner] ?? "";
      return {
        kind: "network",
        name: network.Name,
        owner,
        belongs: belongsTo(cloud, owner, known.has(network.Id)),
      };
    });
}

/** A volume of ours stays when its container goes, so it is owned as long as its stack is this one. */
function volumes(cloud: CloudState, engine: EngineSnapshot): Found[] {
  return engine.volumes.map((volume) => {
    const owner = volume.Labels?.[LABELS.owner] ?? "";
    return { kind: "volume", name: volume.Name, owner, belongs: belongsTo(cloud, owner, true) };
  });
}

function belongsTo(cloud: CloudState, owner: string, isKnown: boolean): Found["belongs"] {
  if (owner === "") return "foreign";
  if (!owner.startsWith(`${cloud.project}/${cloud.stack}/`)) return "other";
  return isKnown ? "owned" : "orphan";
}

/** What the state says should be here and is not, or is not as it should be. */
function missing(cloud: CloudState, host: string, engine: EngineSnapshot): string[] {
  const byId = new Map(engine.containers.map((container) => [container.Id, container]));
  const problems: string[] = [];
  for (const { id, name, state } of cloud.containers) {
    if (state.place.host !== host) continue;
    const found = byId.get(id);
    if (!found)
      problems.push(
        `host ${host}: container ${name} is gone: run \`clocker refresh\`, then \`clocker up\``,
      );
    else if (found.State !== "running") {
      problems.push(
        `host ${host}: container ${name} is ${found.State}: see \`clocker logs ${name}\``,
      );
    } else if (found.Status.includes("(unhealthy)")) {
      problems.push(`host ${host}: container ${name} is unhealthy: see \`clocker logs ${name}\``);
    }
  }
  const present = new Set(engine.networks.map(({ Id }) => Id));
  for (const network of cloud.networks) {
    const id = network.dockerIds[host];
    if (id !== undefined && !present.has(id)) {
      problems.push(
        `host ${host}: network ${network.networkId} is gone: run \`clocker refresh\`, then \`clocker up\``,
      );
    }
  }
  return problems;
}

/** Settings of the daemon that a careful operator would choose otherwise (CIS Docker benchmark, section 2). */
function hints({ info }: EngineSnapshot): string[] {
  return [
    ...(info.LoggingDriver === "json-file" ||
    info.LoggingDriver === "local" ||
    info.LoggingDriver === "journald"
      ? []
      : [`the log driver is ${info.LoggingDriver}: \`clocker logs\` may find nothing`]),
    ...(info.Warnings ?? []).map((warning) => warning.replace(/^WARNING: /, "")),
  ];
}

function print(
  cloud: CloudState,
  pending: readonly string[],
  reports: readonly HostReport[],
): void {
  for (const line of pending) console.log(`${pc.yellow("!")} ${line}`);
  for (const report of reports) {
    const count = (belongs: Found["belongs"]) =>
      report.objects.filter((each) => each.belongs === belongs).length;
    const orphans = report.objects.filter(({ belongs }) => belongs === "orphan");
    console.log(
      `${isSick(report) ? pc.red("x") : pc.green("ok")} ${report.host}: ${[
        `${count("owned")} owned`,
        ...(count("other") > 0 ? [`${count("other")} of other stacks`] : []),
        ...(count("foreign") > 0 ? [`${count("foreign")} foreign, left alone`] : []),
        ...(orphans.length > 0 ? [`${orphans.length} orphan`] : []),
      ].join(", ")}`,
    );
    for (const problem of report.problems) console.log(`   ${problem}`);
    for (const { kind, name, owner } of orphans) {
      console.log(
        `   ${kind} ${name} was made for ${owner}, but is not in the state: \`clocker up\` adopts or removes it if the program still names it`,
      );
    }
    for (const hint of report.hints) console.log(pc.dim(`   hint: ${hint}`));
  }
  if (reports.length === 0) console.log(`Stack ${cloud.stack} has no hosts.`);
}
