import { rm } from "node:fs/promises";
import type { UpdateRecord } from "../backend/backend.js";
import { noSuchStack, stackExists } from "../backend/file-backend.js";
import { checkName } from "../backend/layout.js";
import { selectedStack, selectStack } from "../config/selection.js";
import { emptySnapshot } from "../state/manifest.js";
import { attach, ensureSecrets, resolveStackName } from "./workspace.js";
import type { StackHandle, Workspace } from "./workspace.js";

/** Makes an empty stack and selects it. Refuses when it exists. */
export async function stackInit(
  workspace: Workspace,
  name: string,
  options: { select?: boolean } = {},
): Promise<StackHandle> {
  checkName("stack", name);
  const handle = await attach(workspace, name);
  const release = await handle.store.lockFiles();
  try {
    if (await handle.store.exists()) {
      throw stackExists(workspace.project.name, name);
    }
    await ensureSecrets(handle);
    await handle.store.save(emptySnapshot());
  } finally {
    await release();
  }
  if (options.select !== false) await stackSelect(workspace, name);
  return handle;
}

export interface StackListing {
  name: string;
  project: string;
  current: boolean;
  lastUpdate?: string;
  resourceCount?: number;
}

/** The project's stacks, or with `all` those of every project in the backend. */
export async function stackList(
  workspace: Workspace,
  options: { all?: boolean } = {},
): Promise<StackListing[]> {
  const { project, backend } = workspace;
  const current = await currentStack(workspace);
  const found = await backend.list(options.all ? undefined : project.name);
  return found.map(({ stack, ...rest }) => ({
    name: stack,
    ...rest,
    current: rest.project === project.name && stack === current,
  }));
}

/** Selects a stack that exists, for this tool and the CLI. */
export async function stackSelect(workspace: Workspace, name: string): Promise<void> {
  const { project, backend, env } = workspace;
  const stack = await resolveStackName(workspace, name);
  if (!(await backend.stack(project.name, stack).exists())) {
    throw noSuchStack(project.name, stack);
  }
  await selectStack(project, backend.url, stack, env);
}

/** The selected stack, if there is one and it still exists. */
export async function currentStack(workspace: Workspace): Promise<string | undefined> {
  const { project, backend, env } = workspace;
  const name = await selectedStack(project, backend.url, env);
  if (name === undefined) return undefined;
  return (await backend.stack(project.name, name).exists()) ? name : undefined;
}

/** Removes a stack with its history and its config file. Refuses when it has resources, unless forced. */
export async function stackRemove(
  workspace: Workspace,
  name: string,
  options: { force?: boolean; preserveConfig?: boolean; removeBackups?: boolean } = {},
): Promise<void> {
  const { project, backend, env } = workspace;
  const stack = await resolveStackName(workspace, name);
  const { config } = await attach(workspace, stack);
  await backend.remove(project.name, stack, {
    force: options.force === true,
    removeBackups: options.removeBackups === true,
  });
  if (!options.preserveConfig) await rm(config.path, { force: true });
  if ((await selectedStack(project, backend.url, env)) === stack) {
    await selectStack(project, backend.url, undefined, env);
  }
}

/** Finished operations, newest first. */
export async function stackHistory(handle: StackHandle): Promise<UpdateRecord[]> {
  return handle.store.history();
}

/** Removes the stack's locks, for operations that died. */
export async function stackCancel(handle: StackHandle): Promise<void> {
  await handle.workspace.backend.cancel(handle.workspace.project.name, handle.name);
}
