import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const ROOT = resolve(__dirname, "../..");

/** A stack of one of the bench programs in a folder of its own; runs a command line tool on it and takes the time. */
export class BenchStack {
  private child: ChildProcess | undefined;
  /** Called with each command's process id; what it gives is called when the command is over. */
  onStart: ((pid: number) => () => void) | undefined;

  private constructor(
    readonly folder: string,
    private readonly program: string,
    private readonly tool: readonly string[],
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** `tool` is the command line to run: clocker's by default, or a real `pulumi`. */
  static async create(
    program: string,
    env: NodeJS.ProcessEnv = {},
    tool: readonly string[] = [process.execPath, join(ROOT, "dist/cli/main.js")],
  ): Promise<BenchStack> {
    const folder = await mkdtemp(join(tmpdir(), "clocker-bench-"));
    const stack = new BenchStack(folder, join(ROOT, "bench/programs", program), tool, {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_HOME: join(folder, "home"),
      PULUMI_CONFIG_PASSPHRASE: "bench",
      ...env,
    });
    await stack.run(["stack", "init"], 0);
    return stack;
  }

  /** Runs with BENCH_COUNT; resolves with seconds, and fails loudly. */
  async run(args: readonly string[], count: number): Promise<number> {
    const [command, ...before] = this.tool;
    const start = performance.now();
    const child = spawn(command!, [...before, ...args, "-C", this.program, "-s", "bench"], {
      env: { ...this.env, BENCH_COUNT: String(count) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    const stopped = child.pid === undefined ? undefined : this.onStart?.(child.pid);
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => (output += bytes.toString()));
    const code = await new Promise((done, reject) => {
      child.once("error", reject);
      child.once("exit", done);
    });
    stopped?.();
    if (code !== 0) throw new Error(`${args.join(" ")} failed:\n${output}`);
    return (performance.now() - start) / 1000;
  }

  up(count: number): Promise<number> {
    return this.run(["up", "--yes", "--skip-preview"], count);
  }

  stateFile(project: string): string {
    return join(this.folder, `.pulumi/stacks/${project}/bench.json`);
  }

  /** The folder goes, and what still runs in it. What it made on hosts is not its matter. */
  async remove(): Promise<void> {
    if (this.child?.exitCode === null) this.child.kill("SIGKILL");
    await rm(this.folder, { recursive: true, force: true });
  }
}
