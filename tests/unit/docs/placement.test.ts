import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compile, examplesIn, ROOT, run } from "./examples.js";

const EXAMPLES = examplesIn(readFileSync(join(ROOT, "docs/placement.md"), "utf8"));

describe("docs/placement.md", () => {
  it.each(EXAMPLES.map((example) => [example.title, example] as const))("%s", (_title, example) => {
    expect(run(example.code).says).toBe(example.says);
  });

  it("has an example of every strategy and every constraint", () => {
    const model = (file: string) =>
      readFileSync(join(ROOT, "provider/placement", file), "utf8").matchAll(/kind: "(\w+)"/g);
    const kinds = ["model-strategies.ts", "model-constraints.ts"].flatMap((file) =>
      [...model(file)].map(([, kind]) => kind!),
    );
    const used = JSON.stringify(EXAMPLES.flatMap(({ code }) => run(code).inputs));
    expect(kinds.length).toBeGreaterThan(25);
    expect([...new Set(kinds)].filter((kind) => !used.includes(`"kind":"${kind}"`))).toEqual([]);
  });

  it("shows code that the compiler accepts", () => {
    expect(compile(EXAMPLES.map(({ code }) => code))).toEqual([]);
  }, 60_000);
});
