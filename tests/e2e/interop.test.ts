import { accessSync, constants } from "node:fs";
import { cp } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labNames } from "../../lab/index.js";
import { obstacles, TEST_IMAGE, withLab } from "../support/lab.js";
import { Project, ROOT, TOOLS } from "../support/project.js";

/** What the example needs and is not here: packages are optional peers, plugins are programs on the PATH. */
const missing = [
  ...["@pulumi/docker", "@pulumi/command"].filter((name) => {
    try {
      createRequire(join(ROOT, "examples/interop/package.json")).resolve(name);
      return false;
    } catch {
      return true;
    }
  }),
  ...["pulumi-resource-docker", "pulumi-resource-command"].filter(
    (program) => !(process.env.PATH ?? "").split(delimiter).some((dir) => runs(join(dir, program))),
  ),
];
if (missing.length > 0)
  console.warn(
    `examples/interop is not run, because these are not installed: ${missing.join(", ")}`,
  );

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(obstacles.length > 0 || missing.length > 0)("examples/interop", () => {
  const lab = withLab("interop", { hosts: 2 });

  describe.each(TOOLS)("with $name", (tool) => {
    let project: Project;

    beforeAll(async () => {
      project = await Project.create("interop", "", {}, tool);
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
      const { siteAddress, watcherId } = JSON.parse(
        (await project.must(["stack", "output", "--json", "--stack", "dev"])).stdout,
      ) as Record<string, string>;
      // Ours serves what their command wrote, and theirs is the container that it says.
      const fetched = [
        "nsenter",
        "-t",
        "1",
        "-n",
        "busybox",
        "wget",
        "-qO-",
        `http://${siteAddress}/`,
      ];
      expect(await lab.sh("h1", ...fetched)).toBe("made by @pulumi/command");
      expect(await lab.sh("h1", "docker", "inspect", "-f", "{{.State.Status}}", watcherId!)).toBe(
        "running",
      );
    });

    it("takes all of it down again", async () => {
      await project.must(["destroy", "--yes", "--skip-preview", "--stack", "dev"]);
      expect(await lab.sh("h1", "docker", "ps", "-aq")).toBe("");
      expect((await lab.exec("h1", ["test", "-e", "/srv/site"])).code).toBe(1);
    });
  });
});
