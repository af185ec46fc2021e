import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { type EngineEvent, Stack } from "../../../engine/index.js";
import type { Snapshot } from "../../../engine/state/model.js";
import type { Engine, FullStep, Run } from "./case-runner.js";
import { EventLog } from "./event-log.js";
import { SpecProgram } from "./spec-program.js";

/** The version of the `pulumi` on the PATH, or undefined when there is none. */
export function cliVersion(): string | undefined {
  try {
    return execFileSync("pulumi", ["version"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
}

/** A project without a program, with files for assets. */
export const PROJECT = join(__dirname, "../programs/assets");

/** What the SDK's Automation API runs programs of its caller with. */
interface LanguageServers {
  LanguageServer: new (program: () => Promise<unknown>) => grpc.UntypedServiceImplementation;
}

const { LanguageServer } = createRequire(__filename)(
  "@pulumi/pulumi/automation/server.js",
) as LanguageServers;

/** The real CLI, with a backend of its own and the program in this process. */
export class PulumiCli implements Engine {
  readonly reactionMs = 2000;
  static #template: string | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), "cli-"));
  readonly #env: Record<string, string>;

  constructor(readonly stack: string) {
    this.#env = environment(this.#folder);
    PulumiCli.#template ??= makeTemplate(stack);
    cpSync(PulumiCli.#template, this.#folder, { recursive: true });
  }

  static clear(): void {
    if (PulumiCli.#template !== undefined)
      rmSync(PulumiCli.#template, { recursive: true, force: true });
    PulumiCli.#template = undefined;
  }

  async run(
    { command, flags, spec, config, interrupt, log }: FullStep,
    env: Record<string, string>,
  ): Promise<Run> {
    const program = new LanguageServer(() => new SpecProgram(log).run(spec));
    const server = new grpc.Server();
    server.addService(LanguageRuntimeService, program);
    const port = await new Promise<number>((done, reject) =>
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? done(bound) : reject(error),
      ),
    );
    for (const [key, { value, secret }] of Object.entries(config))
      this.#pulumi("config", "set", ...(secret === true ? ["--secret"] : []), key, value);
    const eventFile = join(this.#folder, "events");
    rmSync(eventFile, { force: true });
    const argv = [command, "-s", this.stack, "--non-interactive", "--event-log", eventFile];
    if (command !== "preview" && !flags.includes("--preview-only"))
      argv.push("--yes", "--skip-preview");
    argv.push(`--client=127.0.0.1:${port}`, "--exec-kind=auto.inline", ...flags);
    const { code, stderr } = await this.#spawn(argv, env, interrupt);
    server.forceShutdown();
    const events = new EventLog();
    const lines = existsSync(eventFile) ? readFileSync(eventFile, "utf8").trim() : "";
    for (const line of lines === "" ? [] : lines.split("\n"))
      events.add(JSON.parse(line) as EngineEvent);
    if (code !== 0 && events.errors.length === 0)
      events.errors.push(stderr.trim().split("\n")[0] ?? "");
    return { rc: code === 0 ? 0 : 1, log: events };
  }

  #pulumi(...argv: string[]): void {
    const options = { cwd: this.#folder, env: this.#env, stdio: "ignore" as const };
    execFileSync("pulumi", [...argv, "-s", this.stack, "--non-interactive"], options);
  }

  #spawn(
    argv: string[],
    env: Record<string, string>,
    interrupt: AbortSignal,
  ): Promise<{ code: number | null; stderr: string }> {
    const child = spawn("pulumi", argv, {
      cwd: this.#folder,
      env: { ...this.#env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    interrupt.addEventListener("abort", () => child.kill("SIGINT"));
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    return new Promise((done, reject) => {
      child.on("error", reject);
      child.on("close", (code) => done({ code, stderr }));
    });
  }

  async load(): Promise<Snapshot> {
    return (await (await this.#open()).exportStack()).snapshot;
  }

  async save(snapshot: Snapshot): Promise<void> {
    await (await this.#open()).importStack({ version: 3, snapshot }, { keepPending: true });
  }

  #open(): Promise<Stack> {
    return Stack.select({
      stackName: this.stack,
      workDir: this.#folder,
      backendUrl: `file://${join(this.#folder, "backend")}`,
      passphrase: "test",
    });
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function environment(folder: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DEBUG_COMMANDS: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}

/** An empty stack as the CLI makes it; each case gets a copy. */
function makeTemplate(stack: string): string {
  const folder = mkdtempSync(join(tmpdir(), "cli-template-"));
  cpSync(PROJECT, folder, { recursive: true });
  mkdirSync(join(folder, "backend"));
  const options = { cwd: folder, env: environment(folder), stdio: "ignore" as const };
  execFileSync("pulumi", ["stack", "init", stack, "--non-interactive"], options);
  return folder;
}
