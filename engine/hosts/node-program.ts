import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { EngineError } from "../errors.js";

/** The file of a script of the SDK, as the program itself would find it. */
export function locateSdkScript(folder: string, script: string): string {
  try {
    return createRequire(join(folder, "package.json")).resolve(`@pulumi/pulumi/${script}`);
  } catch (cause) {
    throw new EngineError("not-found", `no @pulumi/pulumi in ${folder} or above`, {
      hint: existsSync(join(folder, "package.json"))
        ? `Run \`npm install\` in ${folder}.`
        : "Add a package.json with @pulumi/pulumi as a dependency and run `npm install`.",
      cause,
    });
  }
}

/** Splits `runtime.options.nodeargs` as a shell would. */
export function splitArguments(text: string): string[] {
  const parts: string[] = [];
  for (const match of text.matchAll(/(?:[^\s"']|"(?:[^"\\]|\\.)*"|'[^']*')+/g)) {
    parts.push(
      match[0].replace(
        /"((?:[^"\\]|\\.)*)"|'([^']*)'/g,
        (_, double: string | undefined, single: string | undefined) =>
          double === undefined ? (single ?? "") : double.replace(/\\(.)/g, "$1"),
      ),
    );
  }
  return parts;
}
