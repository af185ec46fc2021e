import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type EngineEvent,
  LocalWorkspace,
  type LocalWorkspaceOptions,
  PulumiCommand,
  StackAlreadyExistsError,
  StackNotFoundError,
} from "@pulumi/pulumi/automation";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliProject } from "./cli-project.js";

/** Pulumi's own Automation API with `clocker` in the place of `pulumi`: whoever drives the CLI can drive this. */
describe("the Automation API drives clocker in place of pulumi", () => {
  const project = new CliProject();
  const workDir = project.folder;
  let pulumiCommand: PulumiCommand;

  beforeAll(async () => {
    const bin = join(project.folder, "tool", "bin");
    mkdirSync(bin, { recursive: true });
    const script = join(bin, "pulumi");
    writeFileSync(script, `#!/bin/sh\nexec '${process.execPath}' '${project.main}' "$@"\n`);
    chmodSync(script, 0o755);
    // The version is clocker's own.
    pulumiCommand = await PulumiCommand.get({
      root: join(project.folder, "tool"),
      skipVersionCheck: true,
    });
  });
  afterAll(() => project.remove());

  const options = (): LocalWorkspaceOptions => ({
    pulumiCommand,
    envVars: project.environment(),
  });

  it("from the first selection to the removal of the stack", async () => {
    const args = { stackName: "auto", workDir };
    await expect(LocalWorkspace.selectStack(args, options())).rejects.toThrow(StackNotFoundError);
    const stack = await LocalWorkspace.createOrSelectStack(args, options());
    await expect(LocalWorkspace.createStack(args, options())).rejects.toThrow(
      StackAlreadyExistsError,
    );
    await stack.setAllConfig({
      image: { value: "web:7" },
      token: { value: "a long secret", secret: true },
    });
    expect(await stack.getAllConfig()).toEqual({
      "shop:image": { value: "web:7", secret: false },
      "shop:token": { value: "a long secret", secret: true },
    });

    const events: EngineEvent[] = [];
    const preview = await stack.preview({ onEvent: (event) => void events.push(event) });
    expect(preview.changeSummary).toEqual({ create: 4 });
    // The SDK's reader of the log may read its end twice when the command ends while it reads.
    const ops = new Map(
      events.flatMap(({ resourcePreEvent }) =>
        resourcePreEvent === undefined
          ? []
          : [[resourcePreEvent.metadata.urn, resourcePreEvent.metadata.op]],
      ),
    );
    expect([...ops.values()]).toEqual(Array(4).fill("create"));

    const { outputs, summary } = await stack.up({ message: "from a program" });
    expect(outputs).toEqual({
      url: { value: "http://10.0.0.1:8080", secret: false },
      token: { value: "a long secret", secret: true },
    });
    expect(summary).toMatchObject({
      kind: "update",
      result: "succeeded",
      message: "from a program",
      resourceChanges: { create: 4 },
      config: { "shop:token": { value: "a long secret", secret: true } },
    });

    await stack.removeAllConfig(["image"]);
    expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: 4 });
    const { deployment } = (await stack.exportStack()) as { deployment: { resources: object[] } };
    expect(deployment.resources).toHaveLength(5);
    expect((await stack.destroy()).summary.resourceChanges).toEqual({ delete: 4 });
    await stack.workspace.removeStack("auto");
    expect(await stack.workspace.listStacks()).toEqual([]);
  });
});
