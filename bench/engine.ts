import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { withCleanup } from "./cleanup.js";
import { BenchStack } from "./clocker.js";
import type { BenchRow } from "./row.js";

const SIZES = [10, 500, 1000];

/**
 * Create, no-change up, no-change preview and destroy of dynamic resources whose provider does nothing, with the program
 * as a child process: growth by size, and against the real CLI on the same kind of backend where one is on the PATH.
 */
export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const cli = onPath("pulumi");
  let base: Record<string, number> | undefined;
  for (const size of SIZES) {
    const ours = await measure(size);
    const theirs = cli === undefined ? undefined : await measure(size, [cli]);
    for (const [what, value] of Object.entries(ours)) {
      const other = theirs?.[what];
      rows.push({
        suite: "engine",
        name: `${what} of ${size} resources`,
        value,
        unit: "s",
        ...(other === undefined
          ? base === undefined
            ? {}
            : { ratio: value / base[what]!, against: `${what} of ${SIZES[0]} resources` }
          : { ratio: value / other, against: `the pulumi CLI (${other.toFixed(1)} s)` }),
      });
    }
    base ??= ours;
  }
  return rows;
}

async function measure(size: number, tool?: readonly string[]): Promise<Record<string, number>> {
  return withCleanup(async (atEnd) => {
    const stack = await BenchStack.create("dynamic", {}, tool);
    atEnd(() => stack.remove());
    return {
      create: await stack.up(size),
      "no-change up": await stack.up(size),
      "no-change preview": await stack.run(["preview"], size),
      destroy: await stack.run(["destroy", "--yes", "--skip-preview"], size),
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
