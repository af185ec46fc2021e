import { afterAll, describe, expect, it } from "vitest";
import { obstacles, withLab } from "../support/lab.js";
import { CLOCKER, PULUMI, sayWhichTools, type Project, type Tool } from "../support/project.js";
import type { Wanted } from "./support/cloud-program.js";
import { CloudProject, places } from "./support/cloud-project.js";

sayWhichTools();

/** One stack, carried on by the other command line and back. */
describe.skipIf(obstacles.length > 0 || !PULUMI)("a stack changes hands", () => {
  const lab = withLab("tools", { hosts: 2 });
  const clouds: CloudProject[] = [];
  afterAll(async () => {
    for (const cloud of clouds) await cloud.remove();
  });

  it.each([
    ["clocker", "pulumi"],
    ["pulumi", "clocker"],
  ] as const)("from %s to %s and back, with nothing to do in between", async (first, second) => {
    const tools: Record<string, Tool> = { clocker: CLOCKER, pulumi: PULUMI! };
    const wanted: Wanted = { hosts: ["h1", "h2"], containers: { a: {}, b: {} } };
    const cloud = await CloudProject.create(lab, `${first}-first`, tools[first]);
    clouds.push(cloud);
    await cloud.up(wanted);
    const before = await cloud.found();
    const other: Project = cloud.project.withTool(tools[second]!);
    const env = { env: { WANTED: JSON.stringify(wanted) } };
    await other.must(["preview", "--expect-no-changes", "--stack", "dev"], env);
    const more = { ...wanted, containers: { ...wanted.containers, c: {} } };
    await other.must(["up", "--yes", "--skip-preview", "--stack", "dev"], {
      env: { WANTED: JSON.stringify(more) },
    });
    await cloud.isDone(more);
    const after = await cloud.found();
    expect(after).toMatchObject(before);
    expect(places(after)).toEqual(places(await cloud.state()));
  });
});
