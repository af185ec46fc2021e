import { rmSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import ts from "typescript";

let compiled: Promise<string> | undefined;

/** The lab's modules as JavaScript, for a test that needs a process of its own; the path of the first one. */
export function compileLab(): Promise<string> {
  const target = join(tmpdir(), `clocker-lab-${process.pid}`);
  if (!compiled) process.once("exit", () => rmSync(target, { recursive: true, force: true }));
  compiled ??= compile(resolve(__dirname, "../../lab"), target);
  return compiled;
}

async function compile(from: string, to: string): Promise<string> {
  for (const entry of await readdir(from, { recursive: true })) {
    if (!entry.endsWith(".ts")) continue;
    const { outputText } = ts.transpileModule(await readFile(join(from, entry), "utf8"), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
    });
    const file = join(to, entry.replace(/\.ts$/, ".js"));
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, outputText);
  }
  return join(to, "index.js");
}
