import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, posix, resolve } from "node:path";
import { EngineError } from "../errors.js";
import { assetContent, fetched } from "./assets.js";
import { SIGNATURES } from "./signatures.js";
import { TAR_END, tarEntry } from "./tar.js";
import { isObject, type Plain, signatureOf } from "./wire.js";

const FORMATS = [".tar", ".tgz", ".tar.gz", ".zip", ".jar"];

const isArchiveFile = (path: string): boolean => FORMATS.some((end) => path.endsWith(end));

/** A file of an archive. Read when its turn comes, so that one is in memory at a time. */
interface Member {
  name: string;
  read: () => Promise<Buffer>;
}

/** As Go compares strings: by bytes, not by UTF-16 units. */
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The files below a folder, as Go's filepath.Walk comes by them; Pulumi's own folder is passed over. */
async function* folderMembers(folder: string, below = ""): AsyncGenerator<Member> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => byBytes(a.name, b.name))) {
    if (entry.name === ".pulumi") continue;
    const name = posix.join(below, entry.name);
    const path = join(folder, name);
    if (entry.isDirectory()) yield* folderMembers(folder, name);
    // A link to a folder is passed over, one to a file stands for the file.
    else if (!(await stat(path)).isDirectory()) yield { name, read: () => readFile(path) };
  }
}

async function* members(archive: Plain, folder: string): AsyncGenerator<Member> {
  const { assets, path } = archive;
  if (isObject(assets)) {
    for (const [name, item] of Object.entries(assets).sort(([a], [b]) => byBytes(a, b))) {
      if (!isObject(item)) continue;
      if (signatureOf(item) === SIGNATURES.asset) {
        yield { name, read: () => assetContent(item, folder) };
        continue;
      }
      for await (const member of members(item, folder))
        yield { ...member, name: posix.join(name, member.name) };
    }
    return;
  }
  const place = resolve(folder, String(path));
  if (path === undefined || isArchiveFile(place))
    throw new EngineError(
      "unsupported",
      "an archive file inside another archive needs the pulumi CLI: run this operation with pulumi.",
    );
  const found = await stat(place).catch(() => undefined);
  if (found?.isDirectory() !== true)
    throw new EngineError("not-found", `${place} is neither a folder nor a known kind of archive`);
  yield* folderMembers(place);
}

/** The hash the CLI gives an archive: of the file as it is, or of a tar of all members. */
export async function archiveHash(archive: Plain, folder: string): Promise<string> {
  const hash = createHash("sha256");
  const { path, uri } = archive;
  if (typeof uri === "string") return hash.update(await fetched(uri)).digest("hex");
  if (typeof path === "string" && isArchiveFile(path))
    return hash.update(await readFile(resolve(folder, path))).digest("hex");
  const seen = new Set<string>();
  for await (const { name, read } of members(archive, folder)) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const part of tarEntry(name, await read())) hash.update(part);
  }
  return hash.update(TAR_END).digest("hex");
}
