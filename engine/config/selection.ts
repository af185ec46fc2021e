import { createHash } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isMissing, writeAtomically } from "../backend/files.js";
import { ORGANIZATION } from "../backend/layout.js";
import { pulumiHome } from "../backend/url.js";
import type { Project } from "./project.js";

type Env = Record<string, string | undefined>;

interface Settings {
  /** What older CLIs read. */
  stack?: string;
  /** By backend URL; wins. */
  stacks?: Record<string, string>;
  [key: string]: unknown;
}

/** Where the CLI keeps the stack selected for a project. */
export function selectionPath(project: Project, env: Env = process.env): string {
  const hash = createHash("sha1").update(project.path).digest("hex");
  return join(pulumiHome(env), "workspaces", `${project.name}-${hash}-workspace.json`);
}

/** The stack selected for this project and backend, by PULUMI_STACK or by `stack select` of either tool. */
export async function selectedStack(
  project: Project,
  backendUrl: string,
  env: Env = process.env,
): Promise<string | undefined> {
  if (env.PULUMI_STACK !== undefined) return shortName(env.PULUMI_STACK, project.name);
  const settings = await read(selectionPath(project, env));
  const name = settings.stacks?.[backendUrl] ?? settings.stack;
  return name ? shortName(name, project.name) : undefined;
}

/** Selects a stack, or none. */
export async function selectStack(
  project: Project,
  backendUrl: string,
  stack: string | undefined,
  env: Env = process.env,
): Promise<void> {
  const path = selectionPath(project, env);
  const settings = await read(path);
  const stacks = { ...settings.stacks };
  delete stacks[backendUrl];
  delete settings.stack;
  if (stack !== undefined) {
    const qualified = `${ORGANIZATION}/${project.name}/${stack}`;
    stacks[backendUrl] = qualified;
    settings.stack = qualified;
  }
  delete settings.stacks;
  if (Object.keys(stacks).length > 0) settings.stacks = stacks;
  if (Object.keys(settings).length === 0) {
    await rm(path, { force: true });
    return;
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeAtomically(path, [Buffer.from(JSON.stringify(settings, null, 4))]);
}

/** `organization/project/stack` or just the name. A selection of another project's stack is none. */
function shortName(name: string, project: string): string | undefined {
  const parts = name.split("/");
  const stack = parts.at(-1);
  if (!stack || (parts.length === 3 && parts[1] !== project)) return undefined;
  return stack;
}

async function read(path: string): Promise<Settings> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Settings;
  } catch (error) {
    // A broken selection file selects nothing and is replaced by the next selection.
    if (isMissing(error) || error instanceof SyntaxError) return {};
    throw error;
  }
}
