import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

const REPOSITORY = resolve(__dirname, "../../../..");

/** Folders of the engine that the state half is made of. */
const FOLDERS = ["errors.ts", "values", "secrets", "state", "backend", "config", "stacks"];

/** Compiles the state half of the engine into `target`, for tests that need another process. */
export async function compileEngine(target: string): Promise<string> {
  const engine = join(REPOSITORY, "engine");
  for (const name of FOLDERS) {
    const files = name.endsWith(".ts")
      ? [join(engine, name)]
      : (await readdir(join(engine, name))).map((file) => join(engine, name, file));
    for (const file of files.filter((path) => path.endsWith(".ts"))) {
      const { outputText } = ts.transpileModule(await readFile(file, "utf8"), {
        compilerOptions: {
          module: ts.ModuleKind.CommonJS,
          target: ts.ScriptTarget.ES2022,
          esModuleInterop: true,
        },
      });
      const out = join(target, relative(engine, file).replace(/\.ts$/, ".js"));
      await mkdir(dirname(out), { recursive: true });
      await writeFile(out, outputText);
    }
  }
  return target;
}

/** The environment in which the compiled files find their packages. */
export function childEnv(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_PATH: join(REPOSITORY, "node_modules") };
}
