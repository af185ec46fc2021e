import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { EngineError } from "../errors.js";
import type { PropertyMap } from "../state/model.js";
import { SIGNATURES } from "./signatures.js";
import { isObject, type Plain, signatureOf } from "./wire.js";

async function assetHash(asset: Plain, folder: string): Promise<string> {
  const { text, path } = asset;
  if (typeof text === "string" && text !== "")
    return createHash("sha256").update(text).digest("hex");
  if (typeof path !== "string" || path === "") {
    if (typeof asset["uri"] === "string" && asset["uri"] !== "")
      throw new EngineError(
        "unsupported",
        "remote assets need the pulumi CLI: run this operation with pulumi.",
      );
    return createHash("sha256").update("").digest("hex");
  }
  return createHash("sha256")
    .update(await readFile(resolve(folder, path)))
    .digest("hex");
}

async function withHashes(value: unknown, folder: string): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((item) => withHashes(item, folder)));
  if (!isObject(value)) return value;
  const signature = signatureOf(value);
  if (signature === SIGNATURES.archive)
    throw new EngineError(
      "unsupported",
      "archives need the pulumi CLI: run this operation with pulumi.",
    );
  if (signature === SIGNATURES.asset) return { ...value, hash: await assetHash(value, folder) };
  const entries = Object.entries(value).map(
    async ([key, item]) => [key, await withHashes(item, folder)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

function holdsAsset(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsAsset);
  if (!isObject(value)) return false;
  const signature = signatureOf(value);
  if (signature === SIGNATURES.asset || signature === SIGNATURES.archive) return true;
  for (const key in value) if (holdsAsset(value[key])) return true;
  return false;
}

/** Gives every asset the hash of its content, by which a change is noticed. Paths are relative to the program's folder. */
export async function hashAssets(inputs: PropertyMap, folder: string): Promise<PropertyMap> {
  return holdsAsset(inputs) ? ((await withHashes(inputs, folder)) as PropertyMap) : inputs;
}
