import { spawn, type ChildProcess } from "node:child_process";
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

const ROOT = resolve(__dirname, "../../..");

/** The engine as JavaScript in a folder of its own, for tests that run it in another process in order to kill that. */
export class CompiledEngine {
  readonly folder = mkdtempSync(join(tmpdir(), "engine-"));

  constructor() {
    symlinkSync(join(ROOT, "node_modules"), join(this.folder, "node_modules"));
    for (const file of globSync("engine/**/*.ts", { cwd: ROOT })) {
      const { outputText } = ts.transpileModule(readFileSync(join(ROOT, file), "utf8"), {
        compilerOptions: {
          module: ts.ModuleKind.NodeNext,
          target: ts.ScriptTarget.ES2023,
          esModuleInterop: true,
        },
        fileName: file,
      });
      const target = join(this.folder, file.replace(/\.ts$/, ".js"));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, outputText);
    }
    writeFileSync(join(this.folder, "package.json"), '{ "type": "commonjs" }');
    writeFileSync(join(this.folder, "run.js"), RUNNER);
  }

  /** Runs one operation of a stack in a process of its own; the last line on stdout is the result. */
  start(
    operation: string,
    args: Record<string, unknown>,
    env: Record<string, string> = {},
  ): ChildProcess {
    return spawn(process.execPath, [join(this.folder, "run.js"), operation, JSON.stringify(args)], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const RUNNER = `
const { Stack } = require("./engine/index.js");
const [operation, args] = process.argv.slice(2);
Stack.createOrSelect(JSON.parse(args))
  .then((stack) => stack[operation]())
  .then((result) => console.log(JSON.stringify(result)))
  .catch((error) => { console.error(error); process.exitCode = 1; });
`;
