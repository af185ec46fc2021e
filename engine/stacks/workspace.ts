import { FileBackend } from "../backend/file-backend.js";
import { noSuchStack } from "../backend/file-backend.js";
import type { FileStackStore } from "../backend/file-store.js";
import { findProject, withConfigFile, type Project } from "../config/project.js";
import { selectedStack } from "../config/selection.js";
import { StackConfig } from "../config/stack-config.js";
import { EngineError } from "../errors.js";
import type { SecretsManager } from "../secrets/manager.js";
import type { PassphraseSource } from "../secrets/passphrase-source.js";

type Env = Record<string, string | undefined>;

export interface WorkspaceOptions {
  /** Where to look for Pulumi.yaml, upwards. Default: the current folder. */
  cwd?: string;
  /** Default: found as the CLI does. */
  backendUrl?: string;
  /** The stack's configuration file. Default: Pulumi.<stack>.yaml beside Pulumi.yaml. */
  configFile?: string;
  env?: Env;
  /** Default: the environment. */
  secrets?: PassphraseSource;
}

/** A project and the backend its stacks are in. */
export interface Workspace {
  project: Project;
  backend: FileBackend;
  env: Env;
  secrets: PassphraseSource;
}

/** One stack of a workspace, ready to be worked with. */
export interface StackHandle {
  workspace: Workspace;
  name: string;
  config: StackConfig;
  store: FileStackStore;
}

export async function openWorkspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  const env = options.env ?? process.env;
  const secrets = options.secrets ?? { env };
  const project = withConfigFile(await findProject(options.cwd), options.configFile);
  const backend = await FileBackend.open({
    ...(options.backendUrl === undefined ? {} : { url: options.backendUrl }),
    ...(project.backendUrl === undefined ? {} : { projectUrl: project.backendUrl }),
    env,
    secrets,
  });
  return { project, backend, env, secrets };
}

/** The name given, else the selected stack. */
export async function resolveStackName(workspace: Workspace, name?: string): Promise<string> {
  const { project, backend, env } = workspace;
  const found = name ?? (await selectedStack(project, backend.url, env));
  if (found !== undefined) return withoutProject(found, project.name);
  throw new EngineError("not-found", `no stack of project ${project.name} is selected`, {
    hint: "Select one with `clocker stack select`, or name one with --stack.",
  });
}

/** Opens a stack that exists; without a name the selected one. Its state is sealed with the manager of its config file. */
export async function openStack(workspace: Workspace, name?: string): Promise<StackHandle> {
  const handle = await attach(workspace, await resolveStackName(workspace, name));
  if (!(await handle.store.exists())) throw noSuchStack(workspace.project.name, handle.name);
  const { config, store } = handle;
  if (config.secrets) {
    // Read the file's own provider first: what it sealed opens with that.
    await store.secrets();
    store.useSecrets(config.secrets);
  } else {
    // A config file that was lost: carry on with the salt in the state.
    const manager = await store.secrets();
    if (manager) config.useSecrets(manager);
  }
  return handle;
}

/**
 * Makes sure that secrets can be sealed, before anything changes: verifies the passphrase, or makes a salt for a stack that
 * has none and writes it to the config file.
 */
export async function ensureSecrets({ config, store }: StackHandle): Promise<SecretsManager> {
  if (config.secrets) store.useSecrets(config.secrets);
  const manager = await store.ensureSecrets();
  if (config.secrets?.salt !== manager.salt) {
    config.useSecrets(manager);
    await config.write();
  }
  return manager;
}

/** Config and store of a stack that need not exist. */
export async function attach(workspace: Workspace, name: string): Promise<StackHandle> {
  const { project, backend, secrets } = workspace;
  const store = backend.stack(project.name, name);
  const config = await StackConfig.read(project, name, secrets);
  return { workspace, name, config, store };
}

function withoutProject(name: string, project: string): string {
  const parts = name.split("/");
  const stack = parts.at(-1) ?? "";
  const [organization, named] = parts;
  const ours =
    parts.length === 1 ||
    (organization === "organization" &&
      (parts.length === 2 || (parts.length === 3 && named === project)));
  if (ours) return stack;
  throw new EngineError("invalid-input", `${name} is no stack of project ${project}`, {
    hint: `Name it ${stack || "<stack>"} or organization/${project}/${stack || "<stack>"}.`,
  });
}
