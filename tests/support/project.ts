import { spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

export const ROOT = resolve(__dirname, "../..");

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
  /** Both, in the order in which they came. */
  output: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  /** Called as soon as the process runs, e.g. to kill it. */
  onStart?: (pid: number) => void;
  timeoutMs?: number;
}

/** A command line that runs projects: ours, or Pulumi's own. */
export interface Tool {
  name: "clocker" | "pulumi";
  argv: readonly string[];
}

export const CLOCKER: Tool = {
  name: "clocker",
  argv: [process.execPath, join(ROOT, "dist/cli/main.js")],
};

/** Pulumi's command line where one is on the PATH; end-to-end tests run with it too. */
export const PULUMI: Tool | undefined =
  spawnSync("pulumi", ["version"], { stdio: "ignore" }).status === 0
    ? { name: "pulumi", argv: ["pulumi"] }
    : undefined;

/** Every tool there is, for `describe.each`. */
export const TOOLS: readonly Tool[] = PULUMI ? [CLOCKER, PULUMI] : [CLOCKER];

/** Says once in a file's output why it runs with our own command line only. */
export function sayWhichTools(): void {
  if (!PULUMI) console.warn("there is no pulumi on the PATH: these tests run with clocker only");
}

/** A resource as the checkpoint file has it: secrets are ciphertexts. */
export interface StoredResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  propertyDependencies?: Record<string, string[]>;
}

/**
 * A Pulumi project of a test in a folder of its own below the checkout, so that it finds the packed package as a user's
 * project would, with a file backend and a passphrase. Commands run as child processes.
 */
export class Project {
  private constructor(
    readonly folder: string,
    readonly name: string,
    private readonly env: Record<string, string>,
    private readonly program: readonly string[],
  ) {}

  /** `source` is the text of index.ts. */
  static async create(
    name: string,
    source: string,
    env: Record<string, string> = {},
    tool: Tool = CLOCKER,
  ): Promise<Project> {
    await mkdir(join(ROOT, ".clocker/projects"), { recursive: true });
    const folder = await mkdtemp(join(ROOT, ".clocker/projects", `${name}-`));
    await writeFile(join(folder, "Pulumi.yaml"), `name: ${name}\nruntime: nodejs\n`);
    await writeFile(join(folder, "package.json"), JSON.stringify({ name, main: "index.ts" }));
    await writeFile(join(folder, "index.ts"), source);
    await mkdir(join(folder, "backend"));
    const project = new Project(
      folder,
      name,
      {
        PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
        PULUMI_HOME: join(folder, "home"),
        PULUMI_CONFIG_PASSPHRASE: "test",
        // Checking the types of a program that was just written takes 2.5 s; examples and quickstart run with the check.
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
        NO_COLOR: "1",
        ...env,
      },
      tool.argv,
    );
    await project.must(["stack", "init", "dev"]);
    return project;
  }

  /** The same project, stacks and state, run by another tool. */
  withTool(tool: Tool): Project {
    return new Project(this.folder, this.name, this.env, tool.argv);
  }

  async write(source: string): Promise<void> {
    await writeFile(join(this.folder, "index.ts"), source);
  }

  /** Runs a command; its failure is an outcome. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const [command, ...before] = this.program;
    const child = spawn(command!, [...before, ...args], {
      cwd: this.folder,
      env: { ...process.env, ...this.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const outcome: Outcome = { code: -1, stdout: "", stderr: "", output: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].on("data", (bytes: Buffer) => {
        outcome[stream] += bytes.toString();
        outcome.output += bytes.toString();
      });
    }
    if (child.pid !== undefined) options.onStart?.(child.pid);
    const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 120_000);
    return new Promise((done, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        clearTimeout(timer);
        done({ ...outcome, code: code ?? -1 });
      });
    });
  }

  /** Runs a command that has to succeed. */
  async must(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const outcome = await this.run(args, options);
    if (outcome.code !== 0)
      throw new Error(`${args.join(" ")} ended with ${outcome.code}:\n${outcome.output}`);
    return outcome;
  }

  up(options: RunOptions = {}, ...args: string[]): Promise<Outcome> {
    return this.run(["up", "--yes", "--skip-preview", "--stack", "dev", ...args], options);
  }

  /** One `up` has to succeed, and the next preview and `up`, in one process, have nothing to do (promise N7). */
  async converges(options: RunOptions = {}): Promise<Outcome> {
    const first = await this.must(["up", "--yes", "--skip-preview", "--stack", "dev"], options);
    const again = ["up", "--yes", "--expect-no-changes", "--stack", "dev"];
    const { output } = await this.must(again, options);
    // The exit code speaks of the up alone: its preview must be there, and have nothing to do, too.
    const unchanged = output.match(/^ +\d+ unchanged/gm) ?? [];
    if (unchanged.length !== 2 || /^ +\S+ ?\d+ to [a-z]/m.test(output))
      throw new Error(`the preview after an up has something to do:\n${output}`);
    return first;
  }

  private get checkpointFile(): string {
    return join(this.folder, `backend/.pulumi/stacks/${this.name}/dev.json`);
  }

  /** The text of the state file, to look for what must not be in it. */
  stateText(): Promise<string> {
    return readFile(this.checkpointFile, "utf8");
  }

  async resources(): Promise<StoredResource[]> {
    const state = JSON.parse(await this.stateText()) as {
      checkpoint: { latest?: { resources?: StoredResource[] } };
    };
    return state.checkpoint.latest?.resources ?? [];
  }

  async pending(): Promise<{ type: string; resource: StoredResource }[]> {
    const state = JSON.parse(await this.stateText()) as {
      checkpoint: {
        latest?: { pending_operations?: { type: string; resource: StoredResource }[] };
      };
    };
    return state.checkpoint.latest?.pending_operations ?? [];
  }

  /** Resources of one of our types by logical name. */
  async byType(type: string): Promise<Record<string, StoredResource>> {
    const all = (await this.resources()).filter((resource) => resource.type.endsWith(`:${type}`));
    return Object.fromEntries(all.map((resource) => [resource.urn.split("::").at(-1)!, resource]));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
