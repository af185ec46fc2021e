import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileBackend } from "../../../engine/backend/file-backend.js";
import type { FileStackStore } from "../../../engine/backend/file-store.js";
import { SecretsManager } from "../../../engine/secrets/manager.js";
import { emptySnapshot } from "../../../engine/state/manifest.js";
import type { ResourceState, Snapshot } from "../../../engine/state/model.js";
import { SIGNATURE_KEY, SIGNATURES } from "../../../engine/values/signatures.js";

let root: string;
let backend: FileBackend;
let store: FileStackStore;

const secret = (value: unknown): unknown => ({ [SIGNATURE_KEY]: SIGNATURES.secret, value });
const stackUrn = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev";
const rootStack: ResourceState = { urn: stackUrn, custom: false, type: "pulumi:pulumi:Stack" };

function resource(name: string, inputs: Record<string, unknown>): ResourceState {
  const urn = `urn:pulumi:dev::shop::test:index:Thing::${name}`;
  return { urn, custom: true, type: "test:index:Thing", id: name, inputs, parent: stackUrn };
}

function snapshotOf(...resources: ResourceState[]): Snapshot {
  return { ...emptySnapshot(), resources: [rootStack, ...resources] };
}

async function open(passphrase = "correct horse"): Promise<FileBackend> {
  return FileBackend.open({ url: `file://${root}`, env: {}, secrets: { passphrase } });
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "engine-store-"));
  backend = await open();
  store = backend.stack("shop", "dev");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const checkpoint = (): string => join(root, ".pulumi", "stacks", "shop", "dev.json");

describe("the file store", () => {
  it("knows nothing of a stack that was never saved", async () => {
    expect(await store.load()).toBeNull();
    expect(await backend.list()).toEqual([]);
  });

  it("gives back what it saved, with secrets opened, in another process's eyes", async () => {
    const one = resource("a", { plain: 1, password: secret({ b: [1, null], a: "s3cr3t" }) });
    await store.save(snapshotOf(one));
    const loaded = await (await open()).stack("shop", "dev").load();
    expect(loaded?.resources).toEqual([rootStack, one]);
    const text = await readFile(checkpoint(), "utf8");
    expect(text).not.toContain("s3cr3t");
    expect(text.endsWith("}\n")).toBe(true);
    expect(await readFile(join(root, ".pulumi", "meta.yaml"), "utf8")).toBe("version: 1\n");
  });
});

void [readdir, writeFile, SecretsManager];
