import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineError } from "../errors.js";
import type { PropertyMap } from "../state/model.js";
import { archiveHash } from "./archives.js";
import { isOrdinary } from "./known-maps.js";
import { SIGNATURE_KEY, SIGNATURES } from "./signatures.js";
import { isObject, type Plain, signatureOf } from "./wire.js";

const filled = (value: unknown): value is string => typeof value === "string" && value !== "";

/** What an address (`http:`, `https:`, `file:`) stands for. */
export async function fetched(uri: string): Promise<Buffer> {
  const url = new URL(uri);
  if (url.protocol === "file:") return readFile(fileURLToPath(url));
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new EngineError("invalid-input", `the address ${uri} is neither http, https nor file`);
  const response = await fetch(url);
  if (!response.ok)
    throw new EngineError(
      "not-found",
      `${uri} cannot be read: ${response.status} ${response.statusText}`,
    );
  return Buffer.from(await response.arrayBuffer());
}

/** The bytes of an asset: its text, a file below `folder`, or what its address stands for. */
export async function assetContent(asset: Plain, folder: string): Promise<Buffer> {
  if (filled(asset["text"])) return Buffer.from(asset["text"]);
  if (filled(asset["path"])) return readFile(resolve(folder, asset["path"]));
  if (filled(asset["uri"])) return fetched(asset["uri"]);
  return Buffer.alloc(0);
}

const sha256 = (data: Buffer): string => createHash("sha256").update(data).digest("hex");

/** What is kept of an asset or archive: the SDK adds marks of its own, which no state holds. */
function kept(value: Plain, fields: readonly string[]): Plain {
  const entries = fields.filter((key) => filled(value[key])).map((key) => [key, value[key]]);
  return { [SIGNATURE_KEY]: value[SIGNATURE_KEY], ...(Object.fromEntries(entries) as Plain) };
}

async function withHashes(value: unknown, folder: string): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((item) => withHashes(item, folder)));
  if (!isObject(value)) return value;
  const signature = signatureOf(value);
  if (signature === SIGNATURES.asset) {
    const hash = filled(value["hash"]) ? value["hash"] : sha256(await assetContent(value, folder));
    return { ...kept(value, ["text", "path", "uri"]), hash };
  }
  if (signature === SIGNATURES.archive) {
    const archive = kept(value, ["path", "uri"]);
    if (isObject(value["assets"])) archive["assets"] = await allWithHashes(value["assets"], folder);
    else if (archive["path"] === undefined && archive["uri"] === undefined) archive["assets"] = {};
    const hash = filled(value["hash"]) ? value["hash"] : await archiveHash(archive, folder);
    return { ...archive, hash };
  }
  return allWithHashes(value, folder);
}

async function allWithHashes(map: Plain, folder: string): Promise<Plain> {
  const entries = Object.entries(map).map(
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

/**
 * Gives every asset and archive the hash of its content, by which a change is noticed. Paths are relative to the program's
 * folder.
 */
export async function hashAssets(inputs: PropertyMap, folder: string): Promise<PropertyMap> {
  return !isOrdinary(inputs) && holdsAsset(inputs)
    ? ((await withHashes(inputs, folder)) as PropertyMap)
    : inputs;
}
