import { readFile, rm, stat } from "node:fs/promises";
import { EngineError } from "../errors.js";
import {
  compress,
  decompress,
  isMissing,
  keepCopy,
  writeAtomically,
  type Compression,
} from "./files.js";

const VARIANTS: Compression[] = ["", ".gz", ".zst"];

/** The checkpoint of a stack: `plain` or its compressed variant; of several the one written last. */
export async function findCheckpoint(plain: string): Promise<string | undefined> {
  let best: { path: string; time: number } | undefined;
  for (const ending of VARIANTS) {
    const path = plain + ending;
    try {
      const { mtimeMs } = await stat(path);
      if (!best || mtimeMs >= best.time) best = { path, time: mtimeMs };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return best?.path;
}

/** The text of the checkpoint, or undefined when there is none. */
export async function readCheckpoint(plain: string): Promise<string | undefined> {
  const path = await findCheckpoint(plain);
  if (path === undefined) return undefined;
  try {
    return (await decompress(await readFile(path))).toString("utf8");
  } catch (cause) {
    throw new EngineError("corrupt", `the state file ${path} cannot be read`, {
      reasons: [(cause as Error).message],
      hint: "Put the .bak file beside it back in its place.",
      cause,
    });
  }
}

/** Keeps the present checkpoint as `.bak` and puts the new one in its place. */
export async function writeCheckpoint(
  plain: string,
  pieces: Buffer[],
  compression: Compression,
): Promise<void> {
  const existing = await findCheckpoint(plain);
  const target = plain + compression;
  if (existing) await keepCopy(existing, `${existing}.bak`);
  await writeAtomically(target, await compress(pieces, compression));
  if (existing && existing !== target) await rm(existing, { force: true });
}
