import { existsSync } from "node:fs";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  currentStack,
  stackCancel,
  stackHistory,
  stackInit,
} from "../../../engine/stacks/manage.js";
import { stackList, stackRemove, stackSelect } from "../../../engine/stacks/manage.js";
import { stackOutputs } from "../../../engine/stacks/outputs.js";
import { exportStack, importStack } from "../../../engine/stacks/transfer.js";
import { ensureSecrets, openStack, openWorkspace } from "../../../engine/stacks/workspace.js";
import { rootStack, secret, snapshotOf, thing, urnOf } from "./support/states.js";

let root: string;
let home: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "engine-stacks-"));
  home = await mkdtemp(join(tmpdir(), "engine-home-"));
  await writeFile(
    join(root, "Pulumi.yaml"),
    `name: shop\nruntime: nodejs\nbackend: { url: "file://${root}/state" }\n`,
  );
});
afterEach(async () => {
  await rm(root, { recursive: true });
  await rm(home, { recursive: true });
});

function workspace(env: Record<string, string> = { PULUMI_CONFIG_PASSPHRASE: "pass" }) {
  return openWorkspace({ cwd: root, env: { PULUMI_HOME: home, ...env } });
}

function selection(): string {
  const hash = createHash("sha1").update(join(root, "Pulumi.yaml")).digest("hex");
  return join(home, "workspaces", `shop-${hash}-workspace.json`);
}

describe("a stack's life", () => {
  it("begins selected, with its salt in the state and in the config file", async () => {
    const space = await workspace();
    await stackInit(space, "dev");
    const config = await readFile(join(root, "Pulumi.dev.yaml"), "utf8");
    const state = await exportStack((await openStack(space)).store);
    const { salt } = (state.deployment.secrets_providers as { state: { salt: string } }).state;
    expect(config).toBe(`encryptionsalt: ${salt}\n`);
    expect(JSON.parse(await readFile(selection(), "utf8"))).toEqual({
      stack: "organization/shop/dev",
      stacks: { [`file://${root}/state`]: "organization/shop/dev" },
    });
    expect(await currentStack(space)).toBe("dev");
    await expect(stackInit(space, "dev")).rejects.toThrow(
      "stack dev already exists in project shop\nSelect it with `clocker stack select dev`.",
    );
    await expect(stackInit(space, "a/b")).rejects.toThrow('"a/b" is no name for a stack');
  });

  it("needs a passphrase to begin, and leaves nothing without", async () => {
    const space = await workspace({});
    await expect(stackInit(space, "dev")).rejects.toThrow("this stack's secrets need a passphrase");
    expect(await stackList(space)).toEqual([]);
    expect(existsSync(join(root, "Pulumi.dev.yaml"))).toBe(false);
  });

  it("is listed, selected and removed", async () => {
    const space = await workspace();
    await stackInit(space, "dev");
    await stackInit(space, "prod", { select: false });
    expect(await stackList(space)).toMatchObject([
      { name: "dev", project: "shop", current: true, resourceCount: 0 },
      { name: "prod", project: "shop", current: false },
    ]);
    await stackSelect(space, "organization/shop/prod");
    expect(await currentStack(space)).toBe("prod");
    expect(await currentStack(await workspace({ PULUMI_STACK: "dev" }))).toBe("dev");
    await expect(stackSelect(space, "none")).rejects.toThrow(
      "no stack named none was found in project shop",
    );
    await expect(openStack(space, "organization/other/dev")).rejects.toThrow(
      "organization/other/dev is no stack of project shop",
    );
    await stackRemove(space, "prod");
    expect(existsSync(join(root, "Pulumi.prod.yaml"))).toBe(false);
    await expect(openStack(space)).rejects.toThrow(
      "no stack of project shop is selected\nSelect one with `clocker stack select`, or name one with --stack.",
    );
    await stackRemove(space, "dev", { preserveConfig: true });
    expect(existsSync(join(root, "Pulumi.dev.yaml"))).toBe(true);
    expect(existsSync(selection())).toBe(false);
  });

  it("follows what the CLI selected, also an old one", async () => {
    const space = await workspace();
    await stackInit(space, "dev", { select: false });
    await stackSelect(space, "dev");
    await writeFile(selection(), JSON.stringify({ stack: "dev", theirs: 1 }));
    expect(await currentStack(space)).toBe("dev");
    await stackSelect(space, "dev");
    expect(JSON.parse(await readFile(selection(), "utf8"))).toMatchObject({ theirs: 1 });
    await writeFile(selection(), "{");
    expect(await currentStack(space)).toBeUndefined();
  });

  it("carries on with the state's salt when the config file was lost", async () => {
    const space = await workspace();
    const made = await stackInit(space, "dev");
    const salt = made.config.secrets?.salt;
    await rm(join(root, "Pulumi.dev.yaml"));
    const again = await openStack(space, "dev");
    expect((await ensureSecrets(again)).salt).toBe(salt);
    await again.config.set("pass", "x", { secret: true });
    await again.config.write();
    expect(await readFile(join(root, "Pulumi.dev.yaml"), "utf8")).toContain(
      `encryptionsalt: ${salt}`,
    );
  });
});

describe("export, import and outputs", () => {
  async function filled() {
    const space = await workspace();
    const handle = await stackInit(space, "dev");
    const root_ = rootStack({
      url: "http://x",
      token: secret("t0ken"),
      map: { in: secret(1), out: 2 },
    });
    const a = thing("a", { inputs: { pass: secret("hunter2") } });
    const snapshot = { ...snapshotOf(), resources: [root_, a] };
    await handle.store.save(snapshot);
    return { space, handle, snapshot };
  }

  it("shows outputs without a passphrase and masked, or opened", async () => {
    const { handle } = await filled();
    const bare = await openStack(await workspace({}), "dev");
    expect(await stackOutputs(bare.store)).toEqual({
      url: { value: "http://x", secret: false },
      token: { value: "[secret]", secret: true },
      map: { value: { in: "[secret]", out: 2 }, secret: true },
    });
    await expect(stackOutputs(bare.store, { showSecrets: true })).rejects.toThrow(
      "need a passphrase",
    );
    const shown = await stackOutputs(handle.store, { showSecrets: true });
    expect(shown.token).toEqual({ value: "t0ken", secret: true });
    expect(shown.map?.value).toEqual({ in: 1, out: 2 });
  });

  it("exports sealed or in the clear, and takes either back", async () => {
    const { handle, snapshot } = await filled();
    const sealed = await exportStack(handle.store);
    const clear = await exportStack(handle.store, { showSecrets: true });
    expect(JSON.stringify(sealed)).not.toContain("hunter2");
    expect(sealed).toMatchObject({ version: 3 });
    expect(sealed).not.toHaveProperty("features");
    expect(JSON.stringify(clear)).toContain(String.raw`"plaintext":"\"hunter2\""`);
    for (const state of [clear, sealed]) {
      await handle.store.save(snapshotOf());
      await importStack(handle.store, JSON.parse(JSON.stringify(state)), {
        secrets: { passphrase: "pass" },
      });
      expect((await handle.store.load())?.resources).toEqual(snapshot.resources);
    }
  });

  it("refuses to import what is unsound, another stack's, or no state", async () => {
    const { space, handle } = await filled();
    const state = await exportStack(handle.store);
    const prod = await stackInit(space, "prod");
    const secrets = { passphrase: "pass" };
    await expect(importStack(prod.store, state, { secrets })).rejects.toThrow(
      "what is to be imported belongs to another stack than shop/prod",
    );
    const others = await importStack(prod.store, state, { secrets, force: true });
    expect(others).toMatchObject({ foreign: [expect.any(String), urnOf("a")], problems: [] });
    expect((await prod.store.load())?.resources).toHaveLength(2);
    const [first] = state.deployment.resources as unknown[];
    const bad = { ...state, deployment: { ...state.deployment, resources: [first, first] } };
    await expect(importStack(handle.store, bad, { secrets })).rejects.toThrow(
      "what is to be imported is not sound; nothing was changed",
    );
    await expect(importStack(handle.store, [])).rejects.toThrow(
      "what is to be imported is not of the shape of a Pulumi state",
    );
    expect((await handle.store.load())?.resources[1]?.urn).toBe(urnOf("a"));
    // By force it is as with pulumi: no operation takes it, and it can be exported and repaired.
    const { problems } = await importStack(handle.store, bad, { secrets, force: true });
    expect(problems).toEqual([expect.stringMatching(/stands twice and neither entry is to be/)]);
    await expect(handle.store.load()).rejects.toThrow("is not sound; refusing to use it");
    expect((await exportStack(handle.store)).deployment.resources).toHaveLength(2);
    await importStack(handle.store, state, { secrets });
    expect((await handle.store.load())?.resources).toHaveLength(2);
  });

  it("knows its history and can be freed of a lock", async () => {
    const { handle } = await filled();
    expect(await stackHistory(handle)).toEqual([]);
    await handle.store.lock();
    await expect(handle.store.lock()).rejects.toThrow("stack dev is locked by another operation");
    await stackCancel(handle);
    await (
      await handle.store.lock()
    )();
  });
});
