import { copyFile, mkdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { UpdateRecord } from "./backend.js";
import {
  compress,
  compressionOf,
  decompress,
  isTrue,
  listNames,
  writeAtomically,
} from "./files.js";
import type { StackLayout } from "./layout.js";

type Env = Record<string, string | undefined>;
type ConfigRecord = UpdateRecord["config"];

/** Writes what a finished operation leaves: an entry in the history with a copy of the checkpoint, and a backup. */
export async function writeRecord(
  layout: StackLayout,
  stack: string,
  checkpoint: string,
  record: UpdateRecord,
  env: Env,
): Promise<void> {
  const stamp = nanoseconds();
  const compression = compressionOf(env);
  const entry = { ...record, config: toFile(record.config) };
  const text = Buffer.from(JSON.stringify(entry));
  const prefix = join(layout.history, `${stack}-${stamp}`);
  await writeAtomically(
    `${prefix}.history.json${compression}`,
    await compress([text], compression),
  );
  await copyFile(checkpoint, `${prefix}.checkpoint.json${compression}`);
  if (isTrue(env.PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS)) return;
  await mkdir(layout.backups, { recursive: true });
  const ending = basename(checkpoint).slice(stack.length);
  await copyFile(checkpoint, join(layout.backups, `${stack}.${stamp}${ending}`));
}

/** Finished operations, newest first. */
export async function readRecords(layout: StackLayout): Promise<UpdateRecord[]> {
  const names = (await listNames(layout.history)).filter((name) =>
    /\.history\.json(\.gz|\.zst)?$/.test(name),
  );
  // The names carry the time in nanoseconds, so their order is the order in time.
  return Promise.all(
    names.reverse().map(async (name) => {
      const bytes = await decompress(await readFile(join(layout.history, name)));
      const entry = JSON.parse(bytes.toString("utf8")) as UpdateRecord;
      // Go leaves out what is empty.
      const { environment = {}, resourceChanges = {} } = entry;
      return { ...entry, environment, resourceChanges, config: fromFile(entry.config) };
    }),
  );
}

/** In files a value is a string, `{secure: ciphertext}`, or an object (Go's config.Value). */
function toFile(config: ConfigRecord): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([key, { value = "", secure, object }]) => {
      if (object) return [key, JSON.parse(value) as unknown];
      return [key, secure ? { secure: value } : value];
    }),
  );
}

function fromFile(config: Record<string, unknown> | null | undefined): ConfigRecord {
  return Object.fromEntries(
    Object.entries(config ?? {}).map(([key, value]) => {
      if (value === null || typeof value !== "object") {
        return [key, { value: typeof value === "string" ? value : JSON.stringify(value) }];
      }
      const secure = (value as { secure?: unknown }).secure;
      if (typeof secure === "string" && Object.keys(value).length === 1) {
        return [key, { value: secure, secure: true }];
      }
      const json = JSON.stringify(value);
      const holdsSecret = json.includes('"secure":"v1:');
      return [key, { value: json, object: true, ...(holdsSecret ? { secure: true } : {}) }];
    }),
  );
}

let last = 0n;

/** Rises with each call, also within one tick of the clock. */
function nanoseconds(): bigint {
  const micros = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000));
  const now = micros * 1000n;
  last = now > last ? now : last + 1n;
  return last;
}
