import { createRequire } from "node:module";
import { userInfo } from "node:os";
import { join } from "node:path";
import { currentStack } from "../../engine/stacks/manage.js";
import type { CommonFlags } from "../commands/options.js";
import { describeError } from "../errors.js";
import { version } from "../version.js";
import { workspaceOf } from "./workspace.js";

/** Versions and places, by name. What cannot be found out says why. */
export async function facts(flags: CommonFlags): Promise<Record<string, string>> {
  const found: Record<string, string> = {
    clocker: version(),
    node: process.version,
    system: `${process.platform} ${process.arch}`,
  };
  try {
    const workspace = await workspaceOf(flags);
    const { project, backend } = workspace;
    found["project"] = `${project.name} (${project.root})`;
    found["pulumi SDK"] = sdkVersion(project.root);
    found["backend"] = backend.url;
    found["stack"] = (await currentStack(workspace)) ?? "none selected";
  } catch (error) {
    found["project"] = describeError(error).split("\n")[0] ?? "";
  }
  return found;
}

/** The user of this machine, and the backend in effect here. */
export async function identity(flags: CommonFlags): Promise<{ user: string; url: string }> {
  const { backend } = await workspaceOf(flags);
  return { user: userInfo().username, url: backend.url };
}

/** The SDK that a program in this folder loads. */
function sdkVersion(folder: string): string {
  try {
    const require = createRequire(join(folder, "program.js"));
    return (require("@pulumi/pulumi/package.json") as { version: string }).version;
  } catch {
    return "not installed here";
  }
}
