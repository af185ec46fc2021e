import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { labNames } from "../../../lab/index.js";
import type { EngineEvent } from "../../../engine/events.js";
import type { TestLab } from "../../support/lab.js";
import { CLOCKER, Project, type Outcome, type Tool } from "../../support/project.js";
import { CLOUD_PROGRAM, type Wanted } from "./cloud-program.js";

/** Where a container is: what a preview, a state or a host says of it. */
export interface Whereabouts {
  host: string;
  /** By network. */
  addresses: Record<string, string>;
}

/** A container as a preview or a state shows it. */
export interface Shown extends Whereabouts {
  reason: string;
}

/** A container as it was found on a host. */
export interface Found extends Whereabouts {
  id: string;
}

interface Place {
  host: string;
  reason: string;
  networks: { network: string; dockerName: string; address: string }[];
}

interface DigestStep {
  op: string;
  urn: string;
  newState?: { type: string; inputs?: { place?: Place } };
}

export interface Preview {
  code: number;
  output: string;
  /** What is to be done with each resource that is not the same, by logical name. */
  ops: Record<string, string>;
  containers: Record<string, Shown>;
  /** Rows and diagnostics, `name: text`. */
  said: string[];
}

const nameOf = (urn: string): string => urn.split("::").at(-1)!;

/** A project that runs CLOUD_PROGRAM on a lab. */
export class CloudProject {
  private constructor(
    readonly lab: TestLab,
    readonly project: Project,
  ) {}

  static async create(lab: TestLab, name: string, tool: Tool = CLOCKER): Promise<CloudProject> {
    const inventory = labNames(lab.name).inventory;
    const env = { INVENTORY: inventory };
    return new CloudProject(lab, await Project.create(name, CLOUD_PROGRAM, env, tool));
  }

  private env(wanted: Wanted): { env: Record<string, string> } {
    return { env: { WANTED: JSON.stringify(wanted) } };
  }

  async preview(wanted: Wanted): Promise<Preview> {
    const log = join(this.project.folder, "events.json");
    await rm(log, { force: true });
    const args = ["preview", "--json", "--show-sames", "--stack", "dev", "--event-log", log];
    const { code, stdout, output } = await this.project.run(args, {
      env: { ...this.env(wanted).env, PULUMI_DEBUG_COMMANDS: "1" },
    });
    const steps = parseSteps(stdout);
    const shown = steps.flatMap(({ op, urn, newState }) => {
      const place = newState?.inputs?.place;
      return place && op !== "delete" ? [[nameOf(urn), shownOf(place)] as const] : [];
    });
    return {
      code,
      output,
      ops: Object.fromEntries(
        steps.flatMap(({ op, urn }) => (op === "same" ? [] : [[nameOf(urn), op]])),
      ),
      containers: Object.fromEntries(shown),
      said: await rowsIn(log),
    };
  }

  async mustPreview(wanted: Wanted): Promise<Preview> {
    const preview = await this.preview(wanted);
    if (preview.code !== 0) throw new Error(`preview failed:\n${preview.output}`);
    return preview;
  }

  async up(wanted: Wanted, ...args: string[]): Promise<Outcome> {
    return this.project.must(
      ["up", "--yes", "--skip-preview", "--stack", "dev", ...args],
      this.env(wanted),
    );
  }

  /** Nothing is left to do. */
  async isDone(wanted: Wanted): Promise<void> {
    await this.up(wanted, "--expect-no-changes");
  }

  async destroy(): Promise<Outcome> {
    return this.project.must(["destroy", "--yes", "--skip-preview", "--stack", "dev"]);
  }

  /** Containers as the state has them. */
  async state(): Promise<Record<string, Shown>> {
    const containers = await this.project.byType("PlacedContainer");
    return Object.fromEntries(
      Object.entries(containers).map(([name, { outputs }]) => [
        name,
        shownOf(outputs!["place"] as Place),
      ]),
    );
  }

  /** Containers as they are on the hosts, whatever their state. @throws when one is there twice */
  async found(): Promise<Record<string, Found>> {
    const found: Record<string, Found> = {};
    const prefix = `${this.project.name}/dev/`;
    for (const { name: host } of this.lab.hosts) {
      for (const container of await inspectAll(this.lab, host)) {
        const owner = container.Config.Labels["io.clocker.owner"] ?? "";
        if (!owner.startsWith(prefix)) continue;
        const name = owner.slice(prefix.length);
        if (found[name]) throw new Error(`${name} is on ${found[name].host} and on ${host}`);
        const endpoints = Object.entries(container.NetworkSettings.Networks);
        found[name] = {
          id: container.Id,
          host,
          addresses: Object.fromEntries(
            endpoints.map(([network, { IPAddress }]) => [
              network.replace(/-\d+$/, ""),
              IPAddress ?? "",
            ]),
          ),
        };
      }
    }
    return found;
  }

  async remove(): Promise<void> {
    await this.project.run(["destroy", "--yes", "--skip-preview", "--stack", "dev"]);
    await this.project.remove();
  }
}

interface Inspected {
  Id: string;
  Config: { Labels: Record<string, string> };
  NetworkSettings: { Networks: Record<string, { IPAddress?: string }> };
}

async function inspectAll(lab: TestLab, host: string): Promise<Inspected[]> {
  const ids = (await lab.sh(host, "docker", "ps", "-aq", "--no-trunc")).split("\n").filter(Boolean);
  if (ids.length === 0) return [];
  return JSON.parse(await lab.sh(host, "docker", "inspect", ...ids)) as Inspected[];
}

function parseSteps(stdout: string): DigestStep[] {
  try {
    return (JSON.parse(stdout) as { steps?: DigestStep[] }).steps ?? [];
  } catch {
    return []; // a preview that was refused
  }
}

function shownOf({ host, reason, networks }: Place): Shown {
  return {
    host,
    reason,
    addresses: Object.fromEntries(networks.map(({ network, address }) => [network, address])),
  };
}

async function rowsIn(log: string): Promise<string[]> {
  const text = await readFile(log, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      const { diagnosticEvent: said } = JSON.parse(line) as EngineEvent;
      return said ? [`${said.urn ? nameOf(said.urn) : ""}: ${said.message.trim()}`] : [];
    });
}

/** Host and addresses alone, to compare what different sources say. */
export function places(containers: Record<string, Whereabouts>): Record<string, Whereabouts> {
  return Object.fromEntries(
    Object.entries(containers)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { host, addresses }]) => [name, { host, addresses }]),
  );
}
