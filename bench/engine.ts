import { execFile } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { withCleanup } from "./cleanup.js";
import { BenchStack, ROOT } from "./clocker.js";
import type { BenchRow } from "./row.js";
import { type Usage, watched } from "./watched.js";

const SIZES = [10, 500, 2000] as const;
/** The CLI writes the whole state before and after each step: 2,000 creations take it a quarter of an hour and 16 GB. */
const LARGEST_FOR_CLI = 500;

const OPERATIONS = ["create", "no-change up", "no-change preview", "destroy"] as const;
type Operation = (typeof OPERATIONS)[number];

type Times = Record<Operation, number>;

interface Measured {
  seconds: Times;
  /** Of all four together. */
  usage: Usage;
}

/**
 * Create, no-change up, no-change preview and destroy of dynamic resources whose provider does nothing: with the program as
 * a child process of `clocker`, with the program in the caller's process, and by the real CLI on the same kind of backend
 * where one is on the PATH.
 */
export async function run(): Promise<BenchRow[]> {
  const cli = onPath("pulumi");
  const rows: BenchRow[] = [];
  let before: { size: number; measured: Measured } | undefined;
  for (const size of SIZES) {
    const ours = await measureTool(size);
    const theirs =
      cli === undefined || size > LARGEST_FOR_CLI ? undefined : await measureTool(size, [cli]);
    const inline = await measureInline(size);
    for (const what of OPERATIONS) {
      rows.push(timeRow(what, size, ours.seconds[what], theirs?.seconds[what], before));
      rows.push({
        suite: "engine",
        name: `${what} of ${size} resources, in process`,
        value: inline.seconds[what],
        unit: "s",
        ratio: inline.seconds[what] / ours.seconds[what],
        against: "the child process",
      });
    }
    rows.push(...usageRows(size, ours, theirs, inline));
    before = { size, measured: ours };
  }
  return rows;
}

/** One operation against the CLI where there is one, else against the smaller number of resources before. */
function timeRow(
  what: Operation,
  size: number,
  value: number,
  cli: number | undefined,
  before: { size: number; measured: Measured } | undefined,
): BenchRow {
  const row: BenchRow = { suite: "engine", name: `${what} of ${size} resources`, value, unit: "s" };
  if (cli !== undefined) {
    Object.assign(row, { ratio: value / cli, against: `the pulumi CLI (${cli.toFixed(1)} s)` });
    if (what === "create" && size === 500)
      Object.assign(row, { goal: "<= 0.2 x", ok: value <= cli / 5 });
  } else if (before !== undefined) {
    const smaller = before.measured.seconds[what];
    Object.assign(row, {
      ratio: value / smaller,
      against: `${before.size} resources (${smaller.toFixed(1)} s)`,
    });
    if (size === 2000) {
      const growth = size / before.size;
      Object.assign(row, { goal: `linear: <= ${growth} x`, ok: value / smaller <= growth });
    }
  }
  if (what === "no-change preview" && size === 2000)
    Object.assign(row, { goal: "< 5 s", ok: value < 5 });
  return row;
}

function usageRows(
  size: number,
  ours: Measured,
  theirs: Measured | undefined,
  inline: Measured,
): BenchRow[] {
  const against = (value: number, other: number | undefined, unit: string): Partial<BenchRow> =>
    other === undefined || other === 0
      ? {}
      : { ratio: value / other, against: `the pulumi CLI (${Math.round(other)} ${unit})` };
  const megabytes = (bytes: number): number => bytes / 1e6;
  return [
    {
      suite: "engine",
      name: `state written, ${size} resources`,
      value: megabytes(ours.usage.written),
      unit: "MB",
      ...against(megabytes(ours.usage.written), theirs && megabytes(theirs.usage.written), "MB"),
    },
    {
      suite: "engine",
      name: `peak memory of all processes, ${size} resources`,
      value: megabytes(ours.usage.peakMemory),
      unit: "MB",
      ...against(
        megabytes(ours.usage.peakMemory),
        theirs && megabytes(theirs.usage.peakMemory),
        "MB",
      ),
    },
    {
      suite: "engine",
      name: `peak memory of all processes, ${size} resources, in process`,
      value: megabytes(inline.usage.peakMemory),
      unit: "MB",
    },
  ];
}

/** With the program as a child process: clocker's, or that of the tool given. */
async function measureTool(size: number, tool?: readonly string[]): Promise<Measured> {
  return withCleanup(async (atEnd) => {
    const stack = await BenchStack.create("dynamic", {}, tool);
    atEnd(() => stack.remove());
    const usage: Usage = { written: 0, peakMemory: 0 };
    stack.onStart = (pid) => {
      const watching = watched(stack.stateFile("bench-dynamic"), pid);
      return () => {
        const { written, peakMemory } = watching.stop();
        usage.written += written;
        usage.peakMemory = Math.max(usage.peakMemory, peakMemory);
      };
    };
    const seconds = {
      create: await stack.up(size),
      "no-change up": await stack.up(size),
      "no-change preview": await stack.run(["preview"], size),
      destroy: await stack.run(["destroy", "--yes", "--skip-preview"], size),
    };
    return { seconds, usage };
  });
}

/** With the program in the caller's process, which is started before the time is taken. */
async function measureInline(size: number): Promise<Measured> {
  return withCleanup(async (atEnd) => {
    const folder = await mkdtemp(join(tmpdir(), "clocker-bench-"));
    atEnd(() => rm(folder, { recursive: true, force: true }));
    const stateFile = join(folder, ".pulumi/stacks/bench-dynamic/bench.json");
    mkdirSync(dirname(stateFile), { recursive: true });
    const running = promisify(execFile)(
      process.execPath,
      [join(ROOT, "dist/bench/inline.js"), folder, String(size)],
      { cwd: join(ROOT, "bench/programs/dynamic") },
    );
    const watching = watched(stateFile, running.child.pid ?? 0);
    const { stdout } = await running;
    return {
      seconds: JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as Times,
      usage: watching.stop(),
    };
  });
}

function onPath(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
