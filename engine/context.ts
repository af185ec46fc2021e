import { basename, resolve } from "node:path";
import type { StackStore, UpdateRecord } from "./backend/backend.js";
import { FileBackend, noSuchStack, stackExists } from "./backend/file-backend.js";
import { FileStackStore } from "./backend/file-store.js";
import { findProject, type Project, withConfigFile } from "./config/project.js";
import { programConfig } from "./config/program-config.js";
import { StackConfig } from "./config/stack-config.js";
import { EngineError } from "./errors.js";
import type { InlineProgram, StackArgs, StackExport } from "./options.js";
import type { PassphraseSource } from "./secrets/passphrase-source.js";
import { ensureSecrets, openStack } from "./stacks/workspace.js";
import { stackInit } from "./stacks/manage.js";
import { emptySnapshot } from "./state/manifest.js";
import type { ResourceState } from "./state/model.js";

/** The configuration one operation runs with. */
export interface RunConfig {
  values: Record<string, string>;
  secretKeys: string[];
  record: UpdateRecord["config"];
}

/** Where a program is. */
export interface ProgramSource {
  /** The folder of Pulumi.yaml, or the current one. */
  root: string;
  main?: string;
  runtimeOptions: Record<string, unknown>;
  plugins: { name: string; path: string }[];
  inline?: InlineProgram;
}

/** A stack with all it takes to run operations on it. */
export interface StackContext {
  store: StackStore;
  /** Whether the project wants a refresh before what may have one. */
  refreshesAlways: boolean;
  source: ProgramSource;
  env: Record<string, string | undefined>;
  /** Takes the stack's lock, once it is sure that secrets can be sealed. */
  lock(): Promise<() => Promise<void>>;
  /** Read anew for each operation. `validate`: refuses what does not fit the project's types. */
  config(options: { validate: boolean }): Promise<RunConfig>;
  /** The stack's configuration file. Refuses where there is no project, and so no file. */
  stackConfig(): Promise<StackConfig>;
  /** The resources of another stack of the backend. */
  readStack(name: string): Promise<ResourceState[] | undefined>;
  export(): Promise<StackExport>;
  import(state: StackExport, keepPending: boolean): Promise<void>;
  cancel(): Promise<void>;
}

type Mode = "create" | "select" | "createOrSelect";

/** Finds the project, the backend and the stack. */
export async function openContext(args: StackArgs, mode: Mode): Promise<StackContext> {
  const env = { ...process.env, ...args.env };
  const secrets: PassphraseSource = {
    env,
    ...(args.passphrase === undefined ? {} : { passphrase: args.passphrase }),
  };
  const project =
    args.program === undefined || args.workDir !== undefined
      ? withConfigFile(await findProject(args.workDir), args.configFile)
      : undefined;
  const name = args.projectName ?? project?.name;
  if (name === undefined) {
    throw new EngineError(
      "invalid-input",
      "a program in this process needs the name of its project",
      {
        hint: "Give projectName, or a workDir with a Pulumi.yaml.",
      },
    );
  }
  const backend =
    args.store === undefined ? await openBackend(args, project, env, secrets) : undefined;
  const { store, ensureSecrets: seal } = await openStore(args, mode, {
    project,
    name,
    backend,
    env,
    secrets,
  });
  return {
    store,
    refreshesAlways: project?.refreshesAlways ?? false,
    source: sourceOf(args, project),
    env,
    lock: async () => {
      await seal();
      return store.lock();
    },
    config: async ({ validate }) => {
      const current =
        project === undefined
          ? undefined
          : await StackConfig.read(project, args.stackName, secrets);
      return programConfig({
        validate,
        ...(project === undefined ? {} : { project }),
        projectName: name,
        stack: args.stackName,
        ...(current === undefined ? {} : { entries: current.entries() }),
        ...(args.config === undefined ? {} : { overlay: args.config }),
        secrets: current?.secrets,
      });
    },
    stackConfig: async () => {
      if (project === undefined)
        throw new EngineError(
          "invalid-input",
          "a stack without a project has no configuration file",
          {
            hint: "Give its configuration with the stack: `config` of its arguments.",
          },
        );
      await seal();
      return StackConfig.read(project, args.stackName, secrets);
    },
    readStack: async (reference) => {
      const found = referenced(reference, name);
      if (found.project === name && found.stack === args.stackName)
        return (await store.load())?.resources;
      return (await backend?.stack(found.project, found.stack).load())?.resources;
    },
    export: async () => {
      const snapshot = await store.load();
      if (snapshot === null) throw noSuchStack(name, args.stackName);
      return { version: 3, snapshot };
    },
    import: async ({ snapshot }, keepPending) => {
      const release = await store.lock();
      try {
        await store.save(keepPending ? snapshot : { ...snapshot, pendingOperations: [] });
      } finally {
        await release();
      }
    },
    cancel: async () => backend?.cancel(name, args.stackName),
  };
}

function openBackend(
  args: StackArgs,
  project: Project | undefined,
  env: Record<string, string | undefined>,
  secrets: PassphraseSource,
): Promise<FileBackend> {
  return FileBackend.open({
    env,
    secrets,
    ...(args.backendUrl === undefined ? {} : { url: args.backendUrl }),
    ...(project?.backendUrl === undefined ? {} : { projectUrl: project.backendUrl }),
  });
}

interface Found {
  project: Project | undefined;
  name: string;
  backend: FileBackend | undefined;
  env: Record<string, string | undefined>;
  secrets: PassphraseSource;
}

/** The stack's store, made if it may be; and what must happen before its first secret is sealed. */
async function openStore(
  args: StackArgs,
  mode: Mode,
  { project, name, backend, env, secrets }: Found,
): Promise<{ store: StackStore; ensureSecrets: () => Promise<void> }> {
  const { stackName } = args;
  const plain = args.store ?? backend?.stack(name, stackName);
  if (plain === undefined) throw new EngineError("internal", "no store for the stack");
  const exists =
    plain instanceof FileStackStore ? await plain.exists() : (await plain.load()) !== null;
  if (exists && mode === "create") throw stackExists(name, stackName);
  if (!exists && mode === "select") throw noSuchStack(name, stackName);
  if (project !== undefined && backend !== undefined) {
    const workspace = { project, backend, env, secrets };
    const handle = exists
      ? await openStack(workspace, stackName)
      : await stackInit(workspace, stackName, { select: false });
    return { store: handle.store, ensureSecrets: async () => void (await ensureSecrets(handle)) };
  }
  if (!exists) {
    const release = await plain.lock();
    try {
      await plain.save(emptySnapshot());
    } finally {
      await release();
    }
  }
  return { store: plain, ensureSecrets: async () => undefined };
}

function sourceOf(args: StackArgs, project: Project | undefined): ProgramSource {
  const plugins = (
    project?.raw["plugins"] as { providers?: { name?: string; path?: string }[] } | undefined
  )?.providers;
  return {
    root: project?.root ?? resolve(args.workDir ?? process.cwd()),
    ...(project?.main === undefined ? {} : { main: project.main }),
    runtimeOptions: project?.runtime.options ?? {},
    plugins: (plugins ?? []).flatMap(({ name, path }) =>
      path === undefined
        ? []
        : [{ name: name ?? basename(path).replace(/^pulumi-resource-/, ""), path }],
    ),
    ...(args.program === undefined ? {} : { inline: args.program }),
  };
}

/** `stack`, `project/stack` or `organization/project/stack`. */
function referenced(name: string, ownProject: string): { project: string; stack: string } {
  const parts = name.split("/");
  const stack = parts.at(-1) ?? name;
  return { project: parts.length > 1 ? (parts.at(-2) ?? ownProject) : ownProject, stack };
}
