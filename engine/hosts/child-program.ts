import { statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { EventStream } from "../deployment/diagnostics.js";
import type { Child, Children } from "./child.js";
import { launchOf } from "./launch-settings.js";
import { locateSdkScript, splitArguments } from "./node-program.js";
import type { ProgramHost, ProgramLaunch, ProgramResult } from "./program.js";

export interface ChildProgramOptions {
  /** The folder of Pulumi.yaml. */
  root: string;
  /** `main` of Pulumi.yaml. */
  main: string | undefined;
  /** `runtime.options`. */
  runtimeOptions: Record<string, unknown>;
  env: NodeJS.ProcessEnv;
}

/** The exit code by which `cmd/run` says that the error has been reported already. */
const REPORTED = 32;
/** How long a program gets to end by itself when its operation is over. */
const GRACE_MS = 1000;

/** Where a program runs and what its entry point is. */
export function programLocation(
  root: string,
  main: string | undefined,
): { directory: string; entry: string } {
  if (main === undefined || main === "") return { directory: root, entry: "." };
  const path = isAbsolute(main) ? main : resolve(root, main);
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return folder ? { directory: path, entry: "." } : { directory: root, entry: main };
}

/** A program as a child process, run by the SDK's `cmd/run` as the CLI's language host does. */
export class ChildProgram implements ProgramHost {
  readonly #options: ChildProgramOptions;
  readonly #children: Children;
  readonly #events: EventStream;
  #child: Child | undefined;

  constructor(options: ChildProgramOptions, children: Children, events: EventStream) {
    this.#options = options;
    this.#children = children;
    this.#events = events;
  }

  async run(launch: ProgramLaunch): Promise<ProgramResult> {
    const { root, main, runtimeOptions, env } = this.#options;
    const { directory, entry } = programLocation(root, main);
    const nodeargs = runtimeOptions["nodeargs"];
    const script = locateSdkScript(
      entry === "." ? directory : dirname(join(directory, entry)),
      "cmd/run",
    );
    const how = launchOf(script, env, { engine: launch.address, debug: launch.debug });
    this.#child = this.#children.start({
      command: process.execPath,
      args: [
        ...(typeof nodeargs === "string" ? splitArguments(nodeargs) : []),
        ...how.args,
        `--monitor=${launch.address}`,
        `--engine=${launch.address}`,
        `--organization=${launch.organization}`,
        `--project=${launch.project}`,
        `--root-directory=${root}`,
        `--stack=${launch.stack}`,
        `--pwd=${directory}`,
        ...(launch.dryRun ? ["--dry-run"] : []),
        `--parallel=${launch.parallel}`,
        entry,
      ],
      cwd: directory,
      linked: how.linked,
      env: {
        ...env,
        PULUMI_CONFIG: JSON.stringify(withConfigKeys(launch.config.values)),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(launch.config.secretKeys),
        ...(runtimeOptions["typescript"] === false ? {} : { PULUMI_NODEJS_TYPESCRIPT: "true" }),
        ...(typeof runtimeOptions["tsconfig"] === "string"
          ? { PULUMI_NODEJS_TSCONFIG_PATH: runtimeOptions["tsconfig"] }
          : {}),
      },
      onLine: (line, stream) =>
        this.#events.diagnostic(stream === "out" ? "info" : "info#err", line),
    });
    if (this.#child.link) launch.serve(this.#child.link);
    const { code, signal } = await this.#child.exited;
    if (code === 0) return { ok: true };
    if (code === REPORTED) return { ok: false };
    const end =
      signal === null ? `exited with non-zero exit code: ${code ?? -1}` : `was ended by ${signal}`;
    return { ok: false, message: `an unhandled error occurred: Program ${end}` };
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.gone) return;
    // The SDK ends by itself once its requests are refused.
    await Promise.race([child.exited, new Promise((done) => setTimeout(done, GRACE_MS).unref())]);
    await child.stop("SIGTERM", GRACE_MS);
  }
}

/** `ns:key` as the language host writes it: `ns:config:key`. */
function withConfigKeys(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const colon = key.indexOf(":");
      return [`${key.slice(0, colon)}:config:${key.slice(colon + 1)}`, value];
    }),
  );
}
