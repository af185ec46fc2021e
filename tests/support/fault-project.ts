import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import type { Inventory } from "../../sdk/hosts-from-env.js";
import { TEST_IMAGE, type TestLab } from "./lab.js";
import { Project, type Outcome } from "./project.js";

/** A container of ours as Docker shows it. */
export interface Owned {
  id: string;
  name: string;
  /** `project/stack/name` */
  owner: string;
  state: string;
  host: string;
}

/** Something that others run on a host: it has to be the same afterwards. */
export interface Bystander {
  host: string;
  container: string;
  startedAt: string;
  network: string;
}

/** Parts of a program; each test writes its own containers. */
export interface ProgramParts {
  /** Further arguments of every host, as source text. */
  host?: string;
  cloud?: string;
  /** Source text; `web(name, args)` makes a container on the network `lan`. Default: one container `web`. */
  body?: string;
}

export function program({ host = "{}", cloud = "{}", body = `web("web");` }: ProgramParts = {}) {
  return `
import { constraint, DockerCloud, DockerHost, hostsFromInventory, PlacedContainer, strategy, VirtualNetwork } from "pulumi-clocker";
import type { PlacedContainerArgs } from "pulumi-clocker";
import * as pulumi from "@pulumi/pulumi";

const hosts = hostsFromInventory(process.env.INVENTORY!).map(
  ({ name, args }) => new DockerHost(name, { ...args, ...${host} }),
);
const cloud = new DockerCloud("cloud", {
  hosts,
  containers: { cpus: 0.01, memory: "16 MiB", pids: 64 },
  ...${cloud},
});
const lan = new VirtualNetwork("lan", { cloud });
function web(
  name: string,
  args: Partial<PlacedContainerArgs> = {},
  opts: pulumi.CustomResourceOptions = {},
): PlacedContainer {
  return new PlacedContainer(name, {
    cloud,
    networks: [lan],
    image: ${JSON.stringify(TEST_IMAGE)},
    pull: "never",
    command: ["sleep", "100000"],
    stopTimeout: 0,
    ...args,
  }, opts);
}
${body}
`;
}

/** The lab as programs read it; a test may bend it first. */
export function inventoryOf(lab: TestLab): Inventory {
  const { keyFile, hosts } = lab.inventory;
  return structuredClone({ keyFile, hosts });
}

/** A project on a lab, with its own inventory file. */
export class FaultProject {
  private constructor(
    readonly lab: TestLab,
    readonly project: Project,
    readonly inventoryFile: string,
  ) {}

  static async create(lab: TestLab, name: string, parts: ProgramParts = {}): Promise<FaultProject> {
    const project = await Project.create(name, program(parts), { INVENTORY: "inventory.json" });
    const made = new FaultProject(lab, project, join(project.folder, "inventory.json"));
    await made.setInventory(inventoryOf(lab));
    return made;
  }

  setInventory(inventory: Inventory): Promise<void> {
    return writeFile(this.inventoryFile, JSON.stringify(inventory));
  }

  write(parts: ProgramParts): Promise<void> {
    return this.project.write(program(parts));
  }

  /** Containers of this project's stack on all hosts. */
  async owned(): Promise<Owned[]> {
    const all = await ownedContainers(this.lab);
    return all.filter(({ owner }) => owner.startsWith(`${this.project.name}/dev/`));
  }

  async ownedBy(name: string): Promise<Owned[]> {
    return (await this.owned()).filter(({ owner }) => owner.endsWith(`/${name}`));
  }

  /**
   * What has to hold once the fault is gone: one `up` heals, the next `up` and `preview` have nothing to do, every
   * container of the state runs exactly once and no other is there, and no operation is pending but creations of what is there.
   */
  async heals(names: readonly string[]): Promise<Outcome> {
    const healing = await this.project.converges();
    await this.isWhole(names);
    return healing;
  }

  /** No double, no orphan, nothing pending; what the state knows is what runs. */
  async isWhole(names: readonly string[]): Promise<void> {
    const owned = await this.owned();
    expect(owned.map(({ owner }) => owner).sort()).toEqual(
      names.map((name) => `${this.project.name}/dev/${name}`).sort(),
    );
    const stored = await this.project.byType("PlacedContainer");
    expect(Object.keys(stored).sort()).toEqual([...names].sort());
    for (const name of names) {
      const row = owned.find(({ owner }) => owner.endsWith(`/${name}`))!;
      const status = stored[name]!.outputs!["status"] as Record<string, unknown>;
      expect(status["containerId"]).toBe(row.id);
      expect(status["containerName"]).toBe(row.name);
      expect(stored[name]!.id).toBe(row.name);
      expect(row.state).toBe("running");
    }
    // A creation that was cut short stays noted, as with the Pulumi CLI; none may be of what the state does not have.
    const urns = new Set((await this.project.resources()).map(({ urn }) => urn));
    const unknown = (await this.project.pending()).filter(
      ({ type, resource }) => type !== "creating" || !urns.has(resource.urn),
    );
    expect(unknown).toEqual([]);
    const known = Object.keys(await this.project.byType("VirtualNetwork"));
    for (const { name: host } of this.lab.hosts) {
      const networks = await this.networksOn(host);
      expect(new Set(networks).size, `networks on ${host}: ${networks.join(" ")}`).toBe(
        networks.length,
      );
      expect(known).toEqual(expect.arrayContaining(networks));
    }
  }

  /** Names of this stack's networks that a host has. */
  private async networksOn(host: string): Promise<string[]> {
    const own = `${this.project.name}/dev/`;
    const text = await this.lab.sh(
      host,
      ...["docker", "network", "ls", "--filter", "label=io.clocker.owner"],
      ...["--format", '{{.Label "io.clocker.owner"}}'],
    );
    return text
      .split("\n")
      .filter((owner) => owner.startsWith(own))
      .map((owner) => owner.slice(own.length));
  }

  /** Takes everything down, and sees that nothing of it is left. */
  async destroy(): Promise<void> {
    await this.project.must(["destroy", "--yes", "--skip-preview", "--stack", "dev"]);
    expect(await this.owned()).toEqual([]);
    await this.project.remove();
  }
}

const FORMAT = '{{.ID}} {{.Names}} {{.State}} {{.Label "io.clocker.owner"}}';

/** All containers of a lab that carry an owner label, stopped ones too. */
export async function ownedContainers(lab: TestLab): Promise<Owned[]> {
  const rows = await Promise.all(
    lab.hosts.map(async ({ name: host }) => {
      const text = await lab.sh(
        host,
        ...["docker", "ps", "-a", "--no-trunc", "--filter", "label=io.clocker.owner"],
        ...["--format", FORMAT],
      );
      return text.split("\n").flatMap((line): Owned[] => {
        const [id, name, state, owner] = line.split(" ");
        return id && name && state && owner ? [{ id, name, state, owner, host }] : [];
      });
    }),
  );
  return rows.flat();
}

/** A container, a network and a volume of someone else on every host of the lab, checked when all tests have run. */
export function withBystanders(lab: TestLab): void {
  let before: Bystander[] = [];
  const look = () => Promise.all(lab.hosts.map(({ name }) => bystanderOn(lab, name)));
  beforeAll(async () => {
    for (const { name } of lab.hosts) {
      await lab.sh(name, "docker", "network", "create", "foreign");
      await lab.sh(name, "docker", "volume", "create", "foreign");
      await lab.sh(
        name,
        ...["docker", "run", "-d", "--name", "foreign", "--network", "foreign", "--restart=always"],
        ...["-v", "foreign:/data", TEST_IMAGE, "sleep", "100000"],
      );
    }
    before = await look();
  });
  afterAll(async () => {
    expect(await look(), "what is not ours was touched").toEqual(before);
  });
}

async function bystanderOn(lab: TestLab, host: string): Promise<Bystander> {
  const container = ["docker", "inspect", "-f", "{{.Id}} {{.State.Running}} {{.State.StartedAt}}"];
  const [id = "", running, startedAt = ""] = (await lab.sh(host, ...container, "foreign")).split(
    " ",
  );
  expect(running).toBe("true");
  await lab.sh(host, "docker", "volume", "inspect", "foreign");
  const network = await lab.sh(host, "docker", "network", "inspect", "-f", "{{.Id}}", "foreign");
  return { host, container: id, startedAt, network };
}

/** Polls until the answer is true. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
