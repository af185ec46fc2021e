import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parsePath, type ConfigPath } from "../../../engine/config/path.js";
import { readProject, type Project } from "../../../engine/config/project.js";
import { StackConfig } from "../../../engine/config/stack-config.js";

let root: string;
let project: Project;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "engine-config-property-"));
  await writeFile(join(root, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
  project = await readProject(join(root, "Pulumi.yaml"));
});
afterAll(() => rm(root, { recursive: true }));

const name = fc.stringMatching(/^[a-z][a-zA-Z0-9_-]{0,8}$/);

describe("paths", () => {
  it("are read back from their text", () => {
    const odd = fc.string({ minLength: 1 }).filter((text) => !text.includes("\\"));
    fc.assert(
      fc.property(name, fc.array(fc.oneof(odd, fc.nat(99)), { maxLength: 5 }), (first, rest) => {
        const text = rest.map((part) =>
          typeof part === "number" ? `[${part}]` : `["${part.replaceAll('"', '\\"')}"]`,
        );
        const expected: ConfigPath = [first, ...rest];
        expect(parsePath(first + text.join(""))).toEqual(expected);
      }),
    );
  });
});

describe("any series of edits", () => {
  it("leaves in the file what was set last, and every comment", async () => {
    const edit = fc.record({
      key: fc.constantFrom("a", "b", "c"),
      text: fc.oneof(
        fc.string(),
        fc.constantFrom("true", "12", "null", "~", "# no", "a: b", "2020-01-01"),
      ),
      remove: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 8 }), async (edits) => {
        const path = join(root, "Pulumi.dev.yaml");
        await writeFile(
          path,
          "# top\nconfig:\n  # above kept\n  shop:kept: 1 # beside\nother: x # end\n",
        );
        const expected = new Map<string, string>();
        for (const { key, text, remove } of edits) {
          const config = await StackConfig.read(project, "dev", { passphrase: "p" });
          if (remove) {
            config.remove(key);
            expected.delete(key);
          } else {
            await config.set(key, text);
            expected.set(key, text);
          }
          await config.write();
        }
        const config = await StackConfig.read(project, "dev", { passphrase: "p" });
        for (const key of ["a", "b", "c"]) {
          expect((await config.get(key))?.value).toBe(expected.get(key));
        }
        const written = await readFile(path, "utf8");
        for (const comment of ["# top", "# above kept", "# beside", "# end"]) {
          expect(written).toContain(comment);
        }
      }),
      { numRuns: 60 },
    );
  });
});
