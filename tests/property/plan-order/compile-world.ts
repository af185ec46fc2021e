import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

const ROOT = resolve(__dirname, "../../..");
const FILES = [
  "tests/property/plan-order/world.ts",
  "tests/support/fake-transport.ts",
  "tests/support/fake-dockerd.ts",
  ...readdirSync(join(ROOT, "tests/support/fake-dockerd")).map(
    (file) => `tests/support/fake-dockerd/${file}`,
  ),
  "tests/unit/network/fake-network.ts",
];

/** The fake world as JavaScript, over the very modules of the installed package that the provider's process loads. */
export class CompiledWorld {
  readonly folder = mkdtempSync(join(tmpdir(), "plan-order-"));
  readonly main = join(this.folder, FILES[0]!.replace(/ts$/, "js"));

  constructor() {
    // Not by resolving the name: within the checkout that is the checkout itself.
    const provider = join(ROOT, "node_modules/pulumi-clocker/dist/provider");
    symlinkSync(provider, join(this.folder, "provider"));
    for (const file of FILES) {
      const { outputText } = ts.transpileModule(readFileSync(join(ROOT, file), "utf8"), {
        compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
      });
      const target = join(this.folder, file.replace(/ts$/, "js"));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, outputText);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
