import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { EngineError } from "../errors.js";
import { isMissing, listNames } from "./files.js";

interface LockContent {
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
}

/** Locks of this process, to be removed even when it exits early. */
const held = new Set<string>();
let watching = false;

/**
 * Takes the lock of a stack as the CLI does: look, write one's own, look again. Both sides honour each other's. A lock of a
 * process that died stays until `cancel`: only a human can know that nothing runs any more elsewhere.
 */
export async function takeLock(folder: string, stack: string): Promise<() => Promise<void>> {
  const own = `${randomUUID()}.json`;
  await refuseOthers(folder, own, stack);
  const path = join(folder, own);
  const content: LockContent = {
    pid: process.pid,
    username: userName(),
    hostname: hostname(),
    timestamp: new Date().toISOString(),
  };
  watchExit();
  held.add(path);
  const release = async (): Promise<void> => {
    await rm(path, { force: true });
    held.delete(path);
  };
  // Written elsewhere first: nobody may read half a lock.
  const temporary = join(dirname(folder), `${own}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(temporary, JSON.stringify(content), { mode: 0o600 });
    await rename(temporary, path);
    await refuseOthers(folder, own, stack);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    await release().catch(() => undefined);
    if (error instanceof EngineError) throw error;
    throw new EngineError("io", `stack ${stack} cannot be locked`, {
      reasons: [(error as Error).message],
      hint: "The folder of the backend must be writable.",
      cause: error,
    });
  }
  return release;
}

/** Removes every lock of a stack. Returns how many there were. */
export async function removeLocks(folder: string): Promise<number> {
  const names = (await listNames(folder)).filter((name) => name.endsWith(".json"));
  await Promise.all(names.map((name) => rm(join(folder, name), { force: true })));
  return names.length;
}

async function refuseOthers(folder: string, own: string, stack: string): Promise<void> {
  const names = (await listNames(folder)).filter((name) => name.endsWith(".json") && name !== own);
  const holders = await Promise.all(names.map((name) => describe(join(folder, name))));
  const reasons = holders.filter((holder) => holder !== undefined);
  if (reasons.length === 0) return;
  throw new EngineError("locked", `stack ${stack} is locked by another operation`, {
    reasons,
    hint: "Wait for it to end; if it is dead, remove the lock with `clocker cancel` or `pulumi cancel`.",
  });
}

async function describe(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined; // released in this moment
    throw error;
  }
  try {
    const lock = JSON.parse(text) as Partial<LockContent>;
    const since = lock.timestamp ? ` since ${lock.timestamp}` : "";
    return `${lock.username}@${lock.hostname} (pid ${lock.pid}${lifeOf(lock)})${since}: ${path}`;
  } catch {
    return `a lock that cannot be read: ${path}`;
  }
}

/** Only for a holder on this very machine can we tell. */
function lifeOf(lock: Partial<LockContent>): string {
  if (lock.hostname !== hostname() || !lock.pid) return "";
  try {
    process.kill(lock.pid, 0);
    return "";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH" ? ", which no longer runs" : "";
  }
}

function watchExit(): void {
  if (watching) return;
  watching = true;
  process.once("exit", () => {
    for (const path of held) rmSync(path, { force: true });
  });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}
