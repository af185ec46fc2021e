import { createHash } from "node:crypto";
import {
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

const ROOT = resolve(__dirname, "../..");
const COMPILER_OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  esModuleInterop: true,
};
/** What another compiler or other options made is not taken for this. */
const KIND = createHash("sha256")
  .update(JSON.stringify([ts.version, COMPILER_OPTIONS]))
  .digest("hex")
  .slice(0, 8);
const TARGET = join(ROOT, ".clocker/compiled", KIND);

/**
 * Folders of the sources as JavaScript, for tests that run them as processes. They lie within the checkout, where they find their
 * dependencies, and are kept: only what has changed is made anew. Gives the folder that holds them.
 */
export function compiled(...folders: readonly string[]): string {
  for (const folder of folders) {
    const sources = globSync(`${folder}/**/*.ts`, { cwd: ROOT });
    for (const source of sources) compile(source);
    const wanted = new Set(sources.map(compiledName));
    for (const file of globSync(`${folder}/**/*.js`, { cwd: TARGET }))
      if (!wanted.has(file)) rmSync(join(TARGET, file), { force: true });
  }
  return TARGET;
}

const compiledName = (source: string): string => source.replace(/\.ts$/, ".js");

function compile(source: string): void {
  const [from, to] = [join(ROOT, source), join(TARGET, compiledName(source))];
  const changed = statSync(from).mtimeMs;
  const made = statSync(to, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (Math.abs(made - changed) < 1) return; // setting a time loses what is below a millisecond
  const { outputText } = ts.transpileModule(readFileSync(from, "utf8"), {
    compilerOptions: COMPILER_OPTIONS,
    fileName: source,
  });
  mkdirSync(dirname(to), { recursive: true });
  // Test files run at once: each finds whole files only.
  const fresh = `${to}.${process.pid}`;
  writeFileSync(fresh, outputText);
  utimesSync(fresh, new Date(), changed / 1000);
  renameSync(fresh, to);
}
