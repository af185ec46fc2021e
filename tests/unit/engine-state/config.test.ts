import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { normaliseKey, splitKeyPath } from "../../../engine/config/key.js";
import { parsePath } from "../../../engine/config/path.js";
import { programConfig } from "../../../engine/config/program-config.js";
import { findProject, readProject, stackConfigPath } from "../../../engine/config/project.js";
import { StackConfig } from "../../../engine/config/stack-config.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "engine-config-"));
  await project("name: shop\nruntime: nodejs\n");
});
afterEach(() => rm(root, { recursive: true }));

const project = (text: string): Promise<void> => writeFile(join(root, "Pulumi.yaml"), text);
const stackFile = (): string => join(root, "Pulumi.dev.yaml");

async function config(text?: string, passphrase = "p"): Promise<StackConfig> {
  if (text !== undefined) await writeFile(stackFile(), text);
  return StackConfig.read(await findProject(root), "dev", { passphrase });
}

async function written(config_: StackConfig): Promise<string> {
  await config_.write();
  return readFile(stackFile(), "utf8");
}

describe("the project file", () => {
  it("is found upwards and read with everything in it", async () => {
    await project(`# our shop
name: shop
runtime: { name: nodejs, options: { typescript: false } }
main: src
description: sells things
backend: { url: "file://./state" }
stackConfigDir: config
requiredPulumiVersion: ">=3.0.0"
config:
  size: 3
  aws:region: eu
  token: { type: string, secret: true }
`);
    await mkdir(join(root, "src", "deep"), { recursive: true });
    const found = await findProject(join(root, "src", "deep"));
    expect(found).toMatchObject({
      name: "shop",
      runtime: { name: "nodejs", options: { typescript: false } },
      main: "src",
      description: "sells things",
      backendUrl: "file://./state",
      root,
      path: join(root, "Pulumi.yaml"),
      raw: { requiredPulumiVersion: ">=3.0.0" },
    });
    expect(found.config).toEqual({
      "shop:size": { default: 3 },
      "aws:region": { value: "eu" },
      "shop:token": { type: "string", secret: true },
    });
    expect(stackConfigPath(found, "dev")).toBe(join(root, "config", "Pulumi.dev.yaml"));
  });

  it("says what is wrong with it", async () => {
    await project("runtime: nodejs\n");
    await expect(findProject(root)).rejects.toThrow(`${join(root, "Pulumi.yaml")} has no name`);
    await project("name: shop\n");
    await expect(findProject(root)).rejects.toThrow("Pulumi.yaml does not say a runtime");
    await project("name: [shop\n");
    await expect(readProject(join(root, "Pulumi.yaml"))).rejects.toThrow("is not YAML");
    await rm(join(root, "Pulumi.yaml"));
    await expect(findProject(root)).rejects.toThrow(
      `there is no Pulumi.yaml in ${root} or above it\nGo to the folder of a project, or name it with --cwd.`,
    );
  });
});

describe("keys and paths", () => {
  it("a bare key belongs to the project", () => {
    expect(normaliseKey("size", "shop")).toBe("shop:size");
    expect(normaliseKey("aws:region", "shop")).toBe("aws:region");
    expect(normaliseKey("aws:config:region", "shop")).toBe("aws:region");
    for (const bad of ["", "a:b:c", ":x", "a:"]) {
      expect(() => normaliseKey(bad, "shop")).toThrow("is no configuration key");
    }
  });

  it("paths are read as the CLI reads them", () => {
    expect(parsePath('a.b[0]["x.y \\"z\\""].c')).toEqual(["a", "b", 0, 'x.y "z"', "c"]);
    for (const bad of [".a", "a.", "a[x]", 'a["x', "a.[0]", "a[-1]"]) {
      expect(() => parsePath(bad)).toThrow("is no path");
    }
    expect(splitKeyPath('aws:tags["a:b"].c', "shop")).toEqual({
      key: "aws:tags",
      path: ["a:b", "c"],
    });
    expect(splitKeyPath('tags["a:b"]', "shop")).toEqual({ key: "shop:tags", path: ["a:b"] });
  });
});

describe("the stack's configuration", () => {
  const before = `# who reads this?
encryptionsalt: v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==
config:
  # how many
  shop:size: "3" # three

  aws:config:region: eu
  shop:list:
    - one # first
    - two
`;

  it("keeps comments, order and what it does not touch", async () => {
    const edited = await config(before, "password");
    await edited.set("size", "4");
    await edited.set("list[1]", "2", { path: true });
    await edited.set("aws:region", "us");
    edited.remove("gone");
    expect(await written(edited)).toBe(`# who reads this?
encryptionsalt: v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==
config:
  # how many
  shop:size: "4" # three

  aws:config:region: us
  shop:list:
    - one # first
    - 2
`);
    const again = await config();
    expect(await again.get("size")).toEqual({ value: "4", secret: false, object: false });
    expect(await again.get("list")).toEqual({ value: '["one",2]', secret: false, object: true });
    expect(await again.get("list[0]", { path: true })).toMatchObject({ value: "one" });
    expect(await again.get("list[7]", { path: true })).toBeUndefined();
    expect(await again.get("none")).toBeUndefined();
  });

  it("makes a file, with texts that look like something else quoted", async () => {
    const fresh = await config();
    await fresh.set("flag", "true");
    await fresh.set("deep.flag", "true", { path: true });
    await fresh.set("deep.id", "007", { path: true });
    await fresh.set("deep.n", "12", { path: true });
    await fresh.set("rows[0].name", "a", { path: true });
    expect(await written(fresh)).toBe(`config:
  shop:flag: "true"
  shop:deep:
    flag: true
    id: "007"
    n: 12
  shop:rows:
    - name: a
`);
  });

  it.each(["# mine\n", "# mine\nconfig:\n", "# mine\nconfig: {}\n", "# mine\n\nconfig: ~\n"])(
    "fills %j",
    async (text) => {
      const bare = await config(text);
      expect(await bare.get("size")).toBeUndefined();
      bare.remove("size");
      await bare.set("size", "3");
      expect((await written(bare)).replace(/\n+/g, "\n")).toBe(
        '# mine\nconfig:\n  shop:size: "3"\n',
      );
    },
  );

  it("seals secrets, also inside a map, and opens them again", async () => {
    const fresh = await config();
    await fresh.set("pass", "hunter2", { secret: true });
    await fresh.set("db.user", "ann", { path: true });
    await fresh.set("db.pass", "12", { path: true, secret: true });
    const text = await written(fresh);
    expect(text).not.toContain("hunter2");
    expect(text).toMatch(/^encryptionsalt: v1:/m);
    expect(text).toMatch(/ {2}shop:pass:\n {4}secure: v1:\S+\n/);
    const again = await config();
    expect(await again.get("pass")).toEqual({ value: "hunter2", secret: true, object: false });
    expect(await again.get("db")).toEqual({
      value: '{"pass":"12","user":"ann"}',
      secret: true,
      object: true,
    });
    await expect((await config(undefined, "wrong")).get("pass")).rejects.toThrow(
      "the passphrase is wrong for this stack",
    );
    await writeFile(stackFile(), text.replace(/(shop:pass:\n {4}secure: \S+)/, "$1 # of ann"));
    const noted = await config();
    await noted.set("pass", "hunter3", { secret: true });
    expect(await written(noted)).toMatch(/secure: v1:\S+ # of ann\n/);
    expect(await noted.get("pass")).toMatchObject({ value: "hunter3" });
    again.remove("pass");
    again.remove("db.pass", { path: true });
    expect(await written(again)).not.toContain("secure");
  });

  it("refuses what cannot be put there", async () => {
    const some = await config("config:\n  shop:a:\n    b: text\n    l: [1]\n");
    const set = (key: string) => some.set(key, "x", { path: true });
    await expect(set("a.b.c")).rejects.toThrow("shop:a.b: expected a map");
    await expect(set("a.l[5]")).rejects.toThrow("shop:a.l: the list has only 1 items");
    await expect(set("a.l.x")).rejects.toThrow("shop:a.l: a list needs a number in brackets");
    await expect(set("a[0]")).rejects.toThrow("shop:a: a map needs a name");
    await expect(set("z.secure")).rejects.toThrow(
      'a map with the single key "secure" and a text stands for a secret and cannot be set',
    );
    await set("a.l[1]");
    expect(await some.get("a")).toMatchObject({ value: '{"b":"text","l":[1,"x"]}' });
  });

  it("refuses what only the CLI can resolve", async () => {
    await expect(config("secretsprovider: awskms://key\n")).rejects.toThrow(
      'the stack\'s secrets are kept by the secrets provider "awskms://key", which only the pulumi CLI can use: run this operation with pulumi.',
    );
    await expect(config("environment: [prod]\n")).rejects.toThrow(
      "takes values from Pulumi ESC environments, which only the pulumi CLI can do",
    );
  });
});

describe("the configuration of a run", () => {
  async function resolve(overlay: Record<string, { value: string; secret?: boolean }> = {}) {
    const project_ = await findProject(root);
    const stack = await config();
    return programConfig({
      project: project_,
      projectName: project_.name,
      stack: "dev",
      entries: stack.entries(),
      overlay,
      secrets: stack.secrets,
    });
  }

  it("is the file's over the project's defaults, secrets in the clear and named", async () => {
    await project(
      "name: shop\nruntime: nodejs\nconfig:\n  size: 3\n  tags: { type: array, items: { type: string }, default: [a] }\n  aws:region: eu\n",
    );
    const stack = await config();
    await stack.set("pass", "hunter2", { secret: true });
    await stack.set("db.pass", "x", { path: true, secret: true });
    await stack.write();
    const run = await resolve({
      "aws:region": { value: "us" },
      extra: { value: "e", secret: true },
    });
    expect(run.values).toEqual({
      "shop:pass": "hunter2",
      "shop:db": '{"pass":"x"}',
      "aws:region": "us",
      "shop:extra": "e",
      "shop:size": "3",
      "shop:tags": '["a"]',
    });
    expect(run.secretKeys.sort()).toEqual(["shop:db", "shop:extra", "shop:pass"]);
    expect(JSON.stringify(run.record)).not.toMatch(/hunter2/);
    expect(run.record["shop:pass"]).toMatchObject({ secure: true });
    expect(run.record["shop:db"]).toMatchObject({ secure: true, object: true });
    expect(run.record["shop:extra"]).toMatchObject({ secure: true });
    expect(run.record["shop:extra"]?.value).toMatch(/^v1:/);
  });

  it("spells maps as Go does", async () => {
    await config(
      'config:\n  shop:map: { b: "<a&b>", "10": x, "2": [1.0, 1e21, null], a: "\u2028" }\n',
    );
    expect((await resolve()).values["shop:map"]).toBe(
      String.raw`{"10":"x","2":[1,1e+21,null],"a":"\u2028","b":"\u003ca\u0026b\u003e"}`,
    );
  });

  it("lists everything that does not fit the project", async () => {
    await project(`name: shop
runtime: nodejs
config:
  must: { type: string }
  count: { type: integer }
  flag: { type: boolean }
  rows: { type: array, items: { type: array, items: { type: integer } } }
  token: { type: string, secret: true }
`);
    await config(
      "config:\n  shop:count: 1.5\n  shop:flag: maybe\n  shop:rows: [[1], [x]]\n  shop:token: t\n",
    );
    await expect(resolve()).rejects.toThrow(
      "the configuration of stack dev does not fit the project\n" +
        "  - must is not set\n" +
        "  - count must be of type integer\n" +
        "  - flag must be of type boolean\n" +
        "  - rows must be of type array<array<integer>>\n" +
        "  - token must be a secret\n" +
        "Set values with `clocker config set`, secrets with --secret.",
    );
    const fits = {
      must: { value: "m" },
      count: { value: "2" },
      flag: { value: "true" },
      token: { value: "t", secret: true },
    };
    await config("config:\n  shop:rows: [[1]]\n");
    expect((await resolve(fits)).values["shop:count"]).toBe("2");
  });
});
