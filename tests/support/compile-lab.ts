import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import ts from "typescript";

/** The lab's modules as JavaScript, for a test that needs a process of its own. */
export interface CompiledLab {
  /** Path of the module that exports everything. */
  main: string;
  remove(): Promise<void>;
}

export async function compileLab(): Promise<CompiledLab> {
  const from = resolve(__dirname, "../../lab");
  const to = await mkdtemp(join(tmpdir(), "clocker-lab-"));
  for (const entry of await readdir(from, { recursive: true })) {
    if (!entry.endsWith(".ts")) continue;
    const { outputText } = ts.transpileModule(await readFile(join(from, entry), "utf8"), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
    });
    const file = join(to, entry.replace(/\.ts$/, ".js"));
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, outputText);
  }
  return { main: join(to, "index.js"), remove: () => rm(to, { recursive: true, force: true }) };
}
