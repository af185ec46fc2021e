import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "../errors.js";
import type { PassphraseSource } from "../secrets/passphrase-source.js";
import { parseCheckpoint } from "../state/checkpoint-codec.js";
import type { Backend } from "./backend.js";
import { findCheckpoint, readCheckpoint } from "./checkpoint-file.js";
import { listNames } from "./files.js";
import { FileStackStore } from "./file-store.js";
import { removeLocks } from "./lock.js";
import { checkLayout, writeMeta } from "./meta.js";
import { fileRoot, findBackendUrl, type BackendLookup } from "./url.js";

export interface BackendOptions extends BackendLookup {
  /** Where the passphrase of the stacks' secrets comes from. Default: the environment. */
  secrets?: PassphraseSource;
}

const STACK_FILE = /^(.+)\.json(\.gz|\.zst)?$/;

/** A folder of stacks, shared with the CLI (`pulumi login file://...`). */
export class FileBackend implements Backend {
  readonly url: string;
  readonly root: string;
  readonly #env: Record<string, string | undefined>;
  readonly #secrets: PassphraseSource;
  #fresh: boolean;

  private constructor(url: string, root: string, fresh: boolean, options: BackendOptions) {
    this.url = url;
    this.root = root;
    this.#fresh = fresh;
    this.#env = options.env ?? process.env;
    this.#secrets = options.secrets ?? { env: this.#env };
  }

  static async open(options: BackendOptions = {}): Promise<FileBackend> {
    const url = await findBackendUrl(options);
    const root = fileRoot(url, options.env);
    const { fresh } = await checkLayout(root);
    return new FileBackend(url, root, fresh, options);
  }

  stack(project: string, stack: string): FileStackStore {
    return new FileStackStore({
      root: this.root,
      project,
      stack,
      env: this.#env,
      secrets: this.#secrets,
      prepare: () => this.#prepare(),
    });
  }

  async #prepare(): Promise<void> {
    if (!this.#fresh) return;
    await writeMeta(this.root);
    this.#fresh = false;
  }

  async list(
    project?: string,
  ): Promise<{ project: string; stack: string; lastUpdate?: string; resourceCount?: number }[]> {
    const folder = join(this.root, ".pulumi", "stacks");
    const projects = project === undefined ? await listNames(folder) : [project];
    const found = await Promise.all(projects.map((name) => this.#listProject(folder, name)));
    return found.flat();
  }

  async #listProject(
    folder: string,
    project: string,
  ): Promise<{ project: string; stack: string; lastUpdate?: string; resourceCount?: number }[]> {
    let names: string[];
    try {
      names = await listNames(join(folder, project));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return [];
      throw error;
    }
    const stacks = new Set(names.flatMap((name) => STACK_FILE.exec(name)?.[1] ?? []));
    return Promise.all(
      [...stacks].map(async (stack) => {
        const summary = await this.#summary(join(folder, project, `${stack}.json`), stack);
        return { project, stack, ...summary };
      }),
    );
  }

  async #summary(
    checkpoint: string,
    stack: string,
  ): Promise<{ lastUpdate?: string; resourceCount?: number }> {
    const text = await readCheckpoint(checkpoint);
    if (text === undefined) return {};
    try {
      const { sealed } = parseCheckpoint(text, `the state of stack ${stack}`);
      if (!sealed) return {};
      const { manifest, resources } = sealed.deployment as {
        manifest?: { time?: string };
        resources?: unknown[];
      };
      return {
        ...(manifest?.time ? { lastUpdate: manifest.time } : {}),
        resourceCount: resources?.length ?? 0,
      };
    } catch (error) {
      // A list shows also the stacks that cannot be used.
      if (error instanceof EngineError) return {};
      throw error;
    }
  }

  async remove(
    project: string,
    stack: string,
    options: { force: boolean; removeBackups?: boolean },
  ): Promise<void> {
    const store = this.stack(project, stack);
    const release = await store.lockFiles();
    try {
      const checkpoint = await findCheckpoint(store.layout.checkpoint);
      if (!checkpoint) throw noSuchStack(project, stack);
      if (!options.force) await refuseFull(store);
      // As the CLI: what was there stays as .bak, the history goes.
      await rename(checkpoint, `${checkpoint}.bak`);
      await rm(store.layout.tags, { force: true });
      await rm(store.layout.history, { recursive: true, force: true });
      if (options.removeBackups === true) {
        await rm(`${checkpoint}.bak`, { force: true });
        await rm(store.layout.backups, { recursive: true, force: true });
      }
    } finally {
      await release();
    }
  }

  async cancel(project: string, stack: string): Promise<void> {
    const store = this.stack(project, stack);
    await removeLocks(store.layout.locks);
  }
}

export const stackExists = (project: string, stack: string): EngineError =>
  new EngineError("exists", `stack ${stack} already exists in project ${project}`, {
    hint: `Select it with \`clocker stack select ${stack}\`.`,
  });

export function noSuchStack(project: string, stack: string): EngineError {
  return new EngineError("not-found", `no stack named ${stack} was found in project ${project}`, {
    missing: "stack",
    hint: "`clocker stack ls` shows those it has; `clocker stack init` makes one.",
  });
}

async function refuseFull(store: FileStackStore): Promise<void> {
  const sealed = await store.loadSealed();
  const resources = (sealed?.deployment.resources ?? []) as { type?: string }[];
  const only = resources.length === 1 && resources[0]?.type === "pulumi:pulumi:Stack";
  if (resources.length === 0 || only) return;
  throw new EngineError(
    "not-empty",
    `stack ${store.stack} still has ${resources.length} resources`,
    {
      hint: "Destroy it first, or remove it with --force, which forgets them and leaves them running.",
    },
  );
}
