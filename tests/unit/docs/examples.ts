import { join } from "node:path";
import ts from "typescript";
import * as policies from "../../../sdk/policies/index.js";

export const ROOT = join(__dirname, "../../..");

/** A block of TypeScript with a block of text after it, under its heading. */
export interface Example {
  title: string;
  code: string;
  says: string;
}

const PART = /^#+ (.+)$|^```ts\n((?:(?!^```)[^])*)^```\n\n```text\n((?:(?!^```)[^])*)^```$/gm;

/** The examples of a page. */
export function examplesIn(page: string): Example[] {
  let title = "";
  return [...page.matchAll(PART)].flatMap(([, heading, code = "", says = ""]) => {
    if (heading === undefined) return [{ title, code, says: says.trimEnd() }];
    title = heading;
    return [];
  });
}

const COMPILER: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
};

/** What an example prints; if it prints nothing, the sentences of its trial. And what it asked of placement. */
export function run(code: string): { says: string; inputs: policies.PlanInput[] } {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { ...COMPILER, module: ts.ModuleKind.CommonJS },
  });
  const lines: string[] = [];
  const inputs: policies.PlanInput[] = [];
  const console = {
    log: (...parts: unknown[]) =>
      void lines.push(
        parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join(" "),
      ),
  };
  const tryPlacement: typeof policies.tryPlacement = (...args) => {
    const trial = policies.tryPlacement(...args);
    inputs.push(trial.input);
    return trial;
  };
  const { constraint, prefer, strategy } = policies;
  const known = { console, constraint, prefer, strategy, tryPlacement };
  // The examples are this repository's own text.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const body = new Function(
    ...["exports", "require", ...Object.keys(known)],
    `${outputText}\nreturn typeof trial === "undefined" ? undefined : trial;`,
  ) as (...args: unknown[]) => policies.Trial | undefined;
  const trial = body({}, () => policies, ...Object.values(known));
  return { says: (lines.length > 0 ? lines : (trial?.sentences ?? [])).join("\n"), inputs };
}

/** What the compiler has against the examples, each a file that begins as the page says. */
export function compile(codes: readonly string[]): string[] {
  const begin = `import { constraint, prefer, strategy, tryPlacement } from "pulumi-clocker/policies";\n`;
  const files = new Map(
    codes.map((code, index) => [
      join(ROOT, `docs/example-${index}.ts`),
      `${begin}${code}\nexport {};`
        .replaceAll('"pulumi-clocker/policies"', '"../sdk/policies/index.js"')
        .replaceAll('"pulumi-clocker"', '"../sdk/index.js"'),
    ]),
  );
  const options: ts.CompilerOptions = {
    ...COMPILER,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
    types: ["node"],
    lib: ["lib.es2023.d.ts"],
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    getSourceFile: (name, version) =>
      files.has(name)
        ? ts.createSourceFile(name, files.get(name)!, version)
        : disk.getSourceFile(name, version),
    fileExists: (name) => files.has(name) || disk.fileExists(name),
    readFile: (name) => files.get(name) ?? disk.readFile(name),
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((name) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(name))
      .map(({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`),
  );
}
