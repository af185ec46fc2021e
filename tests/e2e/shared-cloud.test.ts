import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { labNames } from "../../lab/index.js";
import { describeLab, TEST_IMAGE, withLab } from "../support/lab.js";
import { Project, ROOT, sayWhichTools, TOOLS } from "../support/project.js";

const EXAMPLE = join(ROOT, "examples/shared-cloud");

interface Member {
  name: string;
  host: string;
  addresses: Record<string, string>;
}

sayWhichTools();

const EACH = TOOLS.map((tool) => ({ tool, with: tool.name }));

/** The example as it is, on a lab: one stack with the hosts, two applications beside each other on them. */
describeLab.each(EACH)("examples/shared-cloud, with $with", ({ tool }) => {
  const lab = withLab("shared-cloud", { hosts: 2 });
  let infrastructure: Project;
  const apps: Project[] = [];

  async function project(name: string, folder: string, backend?: string): Promise<Project> {
    const env = backend === undefined ? {} : { PULUMI_BACKEND_URL: `file://${backend}` };
    const made = await Project.create(name, "", env, tool);
    await cp(join(EXAMPLE, folder, "index.ts"), join(made.folder, "index.ts"));
    return made;
  }

  const up = (of: Project) => of.must(["up", "--yes", "--skip-preview", "--stack", "dev"]);

  async function output<T>(of: Project, name: string): Promise<T> {
    const { stdout } = await of.must(["stack", "output", name, "--json", "--stack", "dev"]);
    return JSON.parse(stdout) as T;
  }

  beforeAll(async () => {
    infrastructure = await project("infrastructure", "infrastructure");
    const inventory = labNames(lab.name).inventory;
    await infrastructure.must(["config", "set", "inventory", inventory, "--stack", "dev"]);
    await up(infrastructure);
    for (const name of ["blue", "green"]) {
      const app = await project(name, "application", join(infrastructure.folder, "backend"));
      await app.must(["config", "set", "image", TEST_IMAGE, "--stack", "dev"]);
      await app.must(["config", "set", "pull", "false", "--stack", "dev"]);
      await app.must(["config", "set", "command", '["idle"]', "--stack", "dev"]);
      apps.push(app);
    }
  });
  afterAll(async () => {
    for (const app of [...apps, infrastructure]) await app?.remove();
  });

  it("exports how to reach the hosts, and no key", async () => {
    const cloud = await output<{ name: string; hosts: { name: string }[] }>(
      infrastructure,
      "cloud",
    );
    expect(cloud.name).toBe("shared");
    expect(cloud.hosts.map(({ name }) => name)).toEqual(["h1", "h2"]);
    expect(JSON.stringify(cloud)).not.toContain("PRIVATE KEY");
  });

  it("gives two stacks networks and addresses of their own and counts both on the hosts", async () => {
    for (const app of apps) {
      await app.must(["preview", "--stack", "dev"]);
      await up(app);
      await app.must(["preview", "--expect-no-changes", "--stack", "dev"]);
    }
    const cidrs = await Promise.all(apps.map((app) => output<string>(app, "network")));
    expect(new Set(cidrs).size).toBe(2);
    const members = await Promise.all(apps.map((app) => output<Member[]>(app, "containers")));
    const addresses = members.flat().flatMap((member) => Object.values(member.addresses));
    expect(new Set(addresses).size).toBe(4);
    // leastContainers: had the second stack not seen the first one's, it could not have known.
    expect(members.map((of) => of.map(({ host }) => host).sort())).toEqual([
      ["h1", "h2"],
      ["h1", "h2"],
    ]);
    for (const { name } of lab.hosts) {
      const owners = await lab.sh(
        ...([name, "docker", "ps", "--format", '{{.Label "io.clocker.owner"}}'] as const),
      );
      expect(
        owners
          .split("\n")
          .map((owner) => owner.split("/")[0])
          .sort(),
      ).toEqual(["blue", "green"]);
    }
  });

  it("is destroyed one application at a time, without touching the other", async () => {
    const [blue, green] = apps;
    await blue!.must(["destroy", "--yes", "--skip-preview", "--stack", "dev"]);
    await green!.must(["preview", "--expect-no-changes", "--refresh", "--stack", "dev"]);
    for (const { name } of lab.hosts) {
      const owners = await lab.sh(
        ...([name, "docker", "ps", "-a", "--format", '{{.Label "io.clocker.owner"}}'] as const),
      );
      expect(owners).toMatch(/^green\/dev\/app-web-\d$/);
    }
  });
});
