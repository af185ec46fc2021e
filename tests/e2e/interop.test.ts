import { cp } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labNames } from "../../lab/index.js";
import { obstacles, TEST_IMAGE, withLab } from "../support/lab.js";
import { Project, PULUMI, ROOT } from "../support/project.js";

/** Why the example cannot run here; empty when it can. */
const missing = ["@pulumi/docker", "@pulumi/command"].filter((name) => {
  try {
    createRequire(join(ROOT, "examples/interop/package.json")).resolve(name);
    return false;
  } catch {
    return true;
  }
});
if (missing.length > 0)
  console.warn(
    `examples/interop is not run: ${missing.join(" and ")} not installed (optional peers)`,
  );

describe.skipIf(obstacles.length > 0 || missing.length > 0)("examples/interop", () => {
  const lab = withLab("interop", { hosts: 2 });
  let project: Project;

  beforeAll(async () => {
    project = await Project.create("interop", "", {}, PULUMI);
    await cp(join(ROOT, "examples/interop/index.ts"), join(project.folder, "index.ts"));
    const inventory = labNames(lab.name).inventory;
    await project.must(["config", "set", "inventory", inventory, "--stack", "dev"]);
    await project.must(["config", "set", "image", TEST_IMAGE, "--stack", "dev"]);
  });
  afterAll(async () => {
    await project.run(["destroy", "--yes", "--skip-preview", "--stack", "dev"]);
    await project.remove();
  });

  it("runs a command, a container of theirs and one of ours on the same host", async () => {
    await project.converges();
    expect(await lab.sh("h1", "cat", "/srv/site/index.html")).toBe("made by @pulumi/command");
    const running = await lab.sh("h1", "docker", "ps", "--format", "{{.Names}}");
    expect(running).toMatch(/dev-site-/);
    expect(running).toMatch(/watcher-/);
  });
});
