import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

const ROOT = resolve(__dirname, "../..");

const target = join(ROOT, ".clocker", `cli-${process.pid}`);
let main: string | undefined;

/**
 * The command line as JavaScript, made from the sources as they are now: for tests that run `clocker` as a process. Lies
 * within the checkout, so that it finds its dependencies. Gives the path of its main file.
 */
export function compileCli(): string {
  if (main !== undefined) return main;
  for (const folder of ["cli", "engine", "lab", "provider"]) {
    for (const entry of readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })) {
      if (!entry.endsWith(".ts")) continue;
      const { outputText } = ts.transpileModule(readFileSync(join(ROOT, folder, entry), "utf8"), {
        compilerOptions: {
          module: ts.ModuleKind.CommonJS,
          target: ts.ScriptTarget.ES2023,
          esModuleInterop: true,
        },
      });
      const file = join(target, folder, entry.replace(/\.ts$/, ".js"));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, outputText);
    }
  }
  main = join(target, "cli/main.js");
  return main;
}

/** Takes away what `compileCli` made. */
export function removeCli(): void {
  rmSync(target, { recursive: true, force: true });
  main = undefined;
}
