import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { liveUse, STEP } from "../../../provider/host/live-use.js";
import {
  parseUsage,
  USAGE_SCRIPT,
  type UsageReading,
} from "../../../provider/host/usage-script.js";

const WHOLE = { cpus: 4, memoryBytes: 1000 };

/** Readings of a machine of four cores: how long each interval was, and the share that was used in it. */
function readings(...intervals: [seconds: number, share: number][]): UsageReading[] {
  const made: UsageReading[] = [{ up: 100, busy: 50, memoryBytes: 500, at: 1000 }];
  for (const [seconds, share] of intervals) {
    const { up, busy, at } = made.at(-1)!;
    const next = { up: up + seconds, busy: busy + share * 4 * seconds, at: at + seconds };
    made.push({ ...next, memoryBytes: share * 1000 });
  }
  return made;
}
const cpuOf = (...intervals: [number, number][]) =>
  liveUse(readings(...intervals), WHOLE).map(({ cpu }) => cpu);

describe("live use", () => {
  it.each<[string, [number, number][], (number | undefined)[]]>([
    ["is the mean of the first interval", [[3, 0.37]], [0.37]],
    [
      "follows what is measured as load averages do: a minute weighs 63 %",
      [
        [3, 0],
        [60, 1],
        [60, 1],
      ],
      [0, 0.63, 0.86],
    ],
    [
      "hardly minds a short burst",
      [
        [60, 0.2],
        [2, 1],
        [60, 0.2],
      ],
      [0.2, 0.2, 0.2],
    ],
    [
      "stays while it wavers by less than a step, and then takes the new value whole",
      [
        [60, 0.2],
        [600, 0.9],
        [300, 0.24],
        [300, 0.16],
        [300, 0.27],
        [300, 0.27],
      ],
      [0.2, 0.2, 0.2, 0.27, 0.27],
    ],
    [
      "has no mean over what is too far apart: it begins anew, but near what it was stays what it was",
      [
        [3, 0.5],
        [1200, 0.9],
        [3, 0.46],
        [1200, 0.9],
        [3, 0.4],
      ],
      [0.5, 0.5, 0.4],
    ],
    [
      "forgets after an hour",
      [
        [3, 0.5],
        [3600, 0.1],
        [3, 0.46],
      ],
      [0.46],
    ],
    ["is not below nothing, nor above all", [[3, -1]], [0]],
    ["is not above all", [[3, 7]], [1]],
    ["needs two readings", [], []],
  ])("%s", (_, intervals, expected) => {
    expect(cpuOf(...intervals)).toEqual(expected);
  });

  it("of memory goes by the same rules", () => {
    expect(liveUse(readings([3, 0.5], [60, 0.9]), WHOLE).map(({ memory }) => memory)).toEqual([
      0.5, 0.75,
    ]);
  });

  it("leaves out what it knows no whole of", () => {
    const none = { cpus: undefined, memoryBytes: 0 };
    expect(liveUse(readings([3, 0.5]), none)).toEqual([{ up: 103 }]);
  });

  it("of equal readings is equal, whatever came since: never another by noise below a step", () => {
    const calm = Array.from({ length: 10 }, (_, i): [number, number] => [
      100,
      0.3 + (i % 2 === 0 ? 1 : -1) * STEP * 0.9,
    ]);
    expect(new Set(cpuOf([100, 0.3], ...calm))).toEqual(new Set([0.3]));
  });
});

describe("the script's answer", () => {
  it("is read line by line; what is no reading is passed over", () => {
    const text = `reading 10.5 2000000 1000000 -5 1700000000
reading 13.5 5000000 1000000 77 1700000003
reading 14 x 1 1 1
reading 14 1 0 1 1
motd of the machine
now 20.5`;
    expect(parseUsage(text)).toEqual({
      readings: [
        { up: 10.5, busy: 2, memoryBytes: 0, at: 1700000000 },
        { up: 13.5, busy: 5, memoryBytes: 77, at: 1700000003 },
      ],
      ageSeconds: 7,
    });
  });

  it("has the machine's own clock where that was asked for", () => {
    const text = "reading 1 1 1 1 1700000000\nreading 4 2 1 1 1700000003\nnow 6";
    expect(parseUsage(`${text} 1700003605`)).toMatchObject({ ageSeconds: 2, clock: 1700003605 });
    expect(parseUsage(text)).not.toHaveProperty("clock");
  });

  it.each([
    ["nothing", ""],
    ["one reading", "reading 1 1 1 1 1\nnow 2"],
    ["no time", "reading 1 1 1 1 1\nreading 2 2 1 1 1"],
  ])("with %s says nothing", (_, text) => expect(parseUsage(text)).toBeUndefined());
});

describe("the script, run by this machine's shell", () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "clocker-usage-"))));
  afterAll(() => rm(folder, { recursive: true }));
  beforeEach(() => rm(join(folder, "usage"), { force: true }));

  const run = async (hold: number) => {
    const script = USAGE_SCRIPT.replaceAll("/run/clocker", folder);
    const shell = promisify(execFile)("sh", ["-s", String(hold), "0.2"]);
    shell.child.stdin!.end(script);
    return parseUsage((await shell).stdout)!;
  };
  const kept = async () => (await readFile(join(folder, "usage"), "utf8")).trim().split("\n");
  /** Makes all kept readings older. */
  async function age(seconds: number) {
    const lines = (await kept()).map((line) =>
      line.replace(
        /^(\S+) (\S+)/,
        (_, boot: string, up: string) => `${boot} ${Number(up) - seconds}`,
      ),
    );
    await writeFile(join(folder, "usage"), `${lines.join("\n")}\n`);
  }

  it("reads twice at first, and then gives the same until that is too old", async () => {
    const first = await run(100);
    expect(first.readings).toHaveLength(2);
    const [one, two] = first.readings;
    // A busy machine may take its time.
    expect(two!.up - one!.up).toBeGreaterThanOrEqual(0.2);
    expect(two!.up - one!.up).toBeLessThan(60);
    expect(two!.busy).toBeGreaterThanOrEqual(one!.busy);
    expect(two!.memoryBytes).toBeGreaterThan(1e6);
    expect(Math.abs(two!.at - Date.now() / 1000)).toBeLessThan(60);
    expect(Math.abs(first.clock! - Date.now() / 1000)).toBeLessThan(60);

    const again = await run(100);
    expect(again.readings).toEqual(first.readings);
    await age(60);
    expect((await run(100)).readings).toHaveLength(2);
    await age(60);
    const later = await run(100);
    expect(later.readings).toHaveLength(3);
    expect(later.ageSeconds).toBeLessThan(5);
    expect((await run(100)).readings).toEqual(later.readings);
  });

  it("begins anew after a long time, and keeps what was for comparison", async () => {
    await run(100);
    await age(1000);
    expect((await run(100)).readings).toHaveLength(4);
  });

  it("reads anew at once where a rule wants that", async () => {
    await run(0);
    expect((await run(0)).readings).toHaveLength(3);
  });

  it.each([
    ["the machine was started anew", (line: string) => line.replace(/^\S+/, "another-boot")],
    [
      "the counter went back",
      (line: string) => line.replace(/^(\S+ \S+) \d+/, "$1 9000000000000000"),
    ],
    ["it is no reading", () => "half a li"],
  ])("passes over what is kept when %s", async (_, change) => {
    await run(100);
    await writeFile(join(folder, "usage"), `${(await kept()).map(change).join("\n")}\n`);
    const { readings: fresh } = await run(100);
    expect(fresh).toHaveLength(2);
    expect(fresh[1]!.up - fresh[0]!.up).toBeLessThan(60);
    expect(await kept()).toHaveLength(2);
  });

  it("keeps sixteen, and two at once go by one", async () => {
    await run(100);
    const [line] = await kept();
    await writeFile(join(folder, "usage"), `${Array(40).fill(line).join("\n")}\n`);
    await age(50);
    const both = await Promise.all([run(10), run(10)]);
    expect(both[0].readings).toEqual(both[1].readings);
    expect((await kept()).length).toBe(16);
  });
});
