import { randomUUID } from "node:crypto";
import { copyFile, link, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip, zstdCompress, zstdDecompress } from "node:zlib";

/** Only the owner reads state, as with the CLI. */
const MODE = 0o600;
const TEMP = ".tmp";

/** True for the error of a file or folder that is not there. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}

/**
 * Replaces a file so that at any moment, also after a power cut, either the old or the new one is there in full: written
 * beside it, flushed, renamed, and the folder flushed.
 */
export async function writeAtomically(path: string, pieces: Buffer[]): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = `${path}.${randomUUID()}${TEMP}`;
  try {
    const file = await open(temporary, "wx", MODE);
    try {
      await writeAll(file, pieces);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, pieces: Buffer[]): Promise<void> {
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const { bytesWritten } = await file.writev(pieces);
  // A short write is rare and legal: carry on with what is left, as one piece.
  let done = bytesWritten;
  if (done < total) {
    const all = Buffer.concat(pieces);
    while (done < total) done += (await file.write(all, done)).bytesWritten;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch {
    // Some file systems do not flush folders; the rename itself is done.
  } finally {
    await handle.close();
  }
}

/** Removes what writes that were killed left beside `path`. Only for the holder of the lock. */
export async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  for (const name of await listNames(dirname(path))) {
    if (name.startsWith(prefix) && name.endsWith(TEMP)) {
      await rm(join(dirname(path), name), { force: true });
    }
  }
}

/**
 * Makes `copy` the present content of `path`. By a hard link where possible: files here are replaced, never changed in
 * place, so the link keeps the old content at no cost.
 */
export async function keepCopy(path: string, copy: string): Promise<boolean> {
  const temporary = `${copy}.${randomUUID()}${TEMP}`;
  try {
    await link(path, temporary).catch(async (error: unknown) => {
      if (isMissing(error)) throw error;
      await copyFile(path, temporary);
    });
    await rename(temporary, copy);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  } finally {
    // Renaming one link of a file over another of the same file does nothing and leaves both.
    await rm(temporary, { force: true });
  }
}

/** The names in a folder, sorted; none when there is no such folder. Side files of the CLI's storage library are left out. */
export async function listNames(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => !name.endsWith(".attrs")).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Opens gzip and zstd by their magic bytes. */
export async function decompress(bytes: Buffer): Promise<Buffer> {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return promisify(gunzip)(bytes);
  if (bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfd2fb528) {
    return promisify(zstdDecompress)(bytes);
  }
  return bytes;
}

export type Compression = "" | ".gz" | ".zst";

/** How the CLI's settings want files written. */
export function compressionOf(env: Record<string, string | undefined>): Compression {
  if (isTrue(env.PULUMI_DIY_BACKEND_ZSTD)) return ".zst";
  if (isTrue(env.PULUMI_DIY_BACKEND_GZIP)) return ".gz";
  return "";
}

export async function compress(pieces: Buffer[], compression: Compression): Promise<Buffer[]> {
  if (compression === ".gz") return [await promisify(gzip)(Buffer.concat(pieces))];
  if (compression === ".zst") return [await promisify(zstdCompress)(Buffer.concat(pieces))];
  return pieces;
}

export function isTrue(value: string | undefined): boolean {
  return value === "1" || value?.toLowerCase() === "true";
}
