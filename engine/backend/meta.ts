import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { EngineError } from "../errors.js";
import { isMissing, listNames, writeAtomically } from "./files.js";

const STACK_FILE = /\.(json|yaml|yml)(\.gz|\.zst)?$/;

/**
 * Checks that a folder has the layout this engine knows (pulumi/pulumi pkg/backend/diy/meta.go). Returns whether `meta.yaml`
 * is still to be written.
 */
export async function checkLayout(root: string): Promise<{ fresh: boolean }> {
  const path = join(root, ".pulumi", "meta.yaml");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (!isMissing(error)) throw error;
    const old = (await listNames(join(root, ".pulumi", "stacks"))).some((name) =>
      STACK_FILE.test(name),
    );
    if (old) refuseOldLayout(root);
    return { fresh: true };
  }
  const version = (parse(text) as { version?: unknown } | null)?.version;
  if (typeof version !== "number") {
    throw new EngineError("corrupt", `${path} does not say a version`);
  }
  if (version === 0) refuseOldLayout(root);
  if (version !== 1) {
    throw new EngineError(
      "unsupported",
      `${path} has version ${version}, which only a newer pulumi CLI can use: run this operation with pulumi.`,
    );
  }
  return { fresh: false };
}

export async function writeMeta(root: string): Promise<void> {
  await writeAtomically(join(root, ".pulumi", "meta.yaml"), [Buffer.from("version: 1\n")]);
}

function refuseOldLayout(root: string): never {
  throw new EngineError("unsupported", `the state in ${root} has the old layout without projects`, {
    hint: "Bring it up to date with `pulumi state upgrade`.",
  });
}
