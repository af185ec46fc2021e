import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EventStream } from "../deployment/diagnostics.js";
import type { Child, Children } from "../hosts/child.js";
import { launchOf } from "../hosts/launch-settings.js";
import { locateSdkScript } from "../hosts/node-program.js";
import { startPlugin, type PluginLaunch } from "../hosts/plugin-process.js";
import type { Link } from "../link/link.js";
import { locatePlugin, type PluginSearch } from "./locate.js";
import { PluginProvider } from "./plugin-provider.js";

export const DYNAMIC_PACKAGE = "pulumi-nodejs";

export interface PluginHostOptions extends PluginSearch {
  project: string;
  /** The program's folder: where dynamic providers find their modules. */
  programDirectory: string;
  engineAddress: string;
  /** Gives a child the engine's services over its pipe. */
  serve: (link: Link) => void;
  /** Somebody reads debug messages. */
  debug: boolean;
  /** PULUMI_CONFIG. */
  config: Record<string, string>;
  runtimeOptions: Record<string, unknown>;
}

interface Running {
  provider: PluginProvider;
  child?: Child;
  /** What it wrote last, where that is not shown as it comes. */
  tail?: { label: string; lines: string[] };
}

/** How many lines of what a plugin has written are shown when it ends by itself: a stack trace and what led to it. */
const TAIL_LINES = 40;

/** Starts provider plugins, one process for each provider resource, and stops them all. */
export class PluginHost {
  readonly #options: PluginHostOptions;
  readonly #children: Children;
  readonly #events: EventStream;
  readonly #running: Running[] = [];
  #warm: Promise<PluginProvider> | undefined;

  constructor(options: PluginHostOptions, children: Children, events: EventStream) {
    this.#options = options;
    this.#children = children;
    this.#events = events;
  }

  /** Starts the dynamic provider while the program is still loading. */
  prewarm(): void {
    this.#warm ??= this.#startDynamic();
    this.#warm.catch(() => undefined);
  }

  async load(pkg: string, version: string): Promise<PluginProvider> {
    if (pkg === DYNAMIC_PACKAGE) {
      const warm = this.#warm;
      this.#warm = undefined;
      return warm ?? this.#startDynamic();
    }
    const location = locatePlugin(this.#options, pkg, version);
    if (location.kind === "port") return this.#connect(location.port, {});
    const { engineAddress, root } = this.#options;
    const tail: NonNullable<Running["tail"]> = { label: `provider ${pkg}`, lines: [] };
    const launch = {
      label: tail.label,
      cwd: root,
      env: this.#environment(),
      // As with the CLI: only for those who look for a fault.
      onLine: (line: string) => {
        tail.lines.push(line);
        if (tail.lines.length > TAIL_LINES) tail.lines.shift();
        this.#events.diagnostic("debug", line);
      },
    };
    if (location.kind === "binary")
      return this.#start({ ...launch, command: location.path, args: [engineAddress] }, tail);
    const script = locateSdkScript(location.path, "cmd/run-plugin");
    const args = [script, location.path, engineAddress];
    return this.#start({ ...launch, command: process.execPath, args }, tail);
  }

  /** Asks all to cancel what they do: they may or may not. */
  async cancel(): Promise<void> {
    await Promise.all(this.#running.map(({ provider }) => provider.cancel()));
  }

  async close(): Promise<void> {
    await this.#warm?.catch(() => undefined);
    await Promise.all(this.#running.map((plugin) => this.#stop(plugin)));
    this.#running.length = 0;
  }

  async #stop({ provider, child, tail }: Running): Promise<void> {
    const heard = await Promise.race([
      provider.cancel(),
      new Promise<true>((resolve) => setTimeout(() => resolve(true), 1000).unref()),
    ]);
    provider.close();
    await child?.stop("SIGINT", 5000);
    if (heard || child === undefined || tail === undefined) return;
    const { code, signal } = await child.exited;
    const how = signal ?? `exit code ${code}`;
    const text =
      tail.lines.length === 0 ? " It wrote nothing." : ` It wrote:\n${tail.lines.join("\n")}`;
    this.#events.diagnostic("error", `${tail.label} ended by itself (${how}).${text}`);
  }

  #startDynamic(): Promise<PluginProvider> {
    const { programDirectory, engineAddress, project, runtimeOptions, debug } = this.#options;
    const folder = nearestPackage(programDirectory);
    const runtime = Object.entries(runtimeOptions).map(([key, value]) => [
      `PULUMI_RUNTIME_${key.toUpperCase()}`,
      String(value),
    ]);
    const script = locateSdkScript(folder, "cmd/dynamic-provider");
    const { args, linked } = launchOf(script, this.#options.env, { engine: engineAddress, debug });
    return this.#start({
      label: "the dynamic provider",
      command: process.execPath,
      args: [...args, engineAddress],
      linked,
      cwd: programDirectory,
      env: {
        ...this.#environment(),
        PULUMI_NODEJS_PROJECT: project,
        ...(Object.fromEntries(runtime) as Record<string, string>),
      },
      onLine: (line, stream) =>
        this.#events.diagnostic(stream === "out" ? "info" : "info#err", line),
    });
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      ...this.#options.env,
      PULUMI_PROJECT: this.#options.project,
      PULUMI_CONFIG: JSON.stringify(this.#options.config),
    };
  }

  async #start(launch: PluginLaunch, tail?: Running["tail"]): Promise<PluginProvider> {
    const { child, port } = await startPlugin(this.#children, launch, this.#options.serve);
    return this.#connect(port, { child, ...(tail === undefined ? {} : { tail }) });
  }

  async #connect(port: number, process: Omit<Running, "provider">): Promise<PluginProvider> {
    const provider = new PluginProvider(`127.0.0.1:${port}`, process.child?.link);
    this.#running.push({ provider, ...process });
    const { engineAddress, root, programDirectory } = this.#options;
    await provider.handshake({ engineAddress, rootDirectory: root, programDirectory });
    return provider;
  }
}

function nearestPackage(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, "package.json")) || dirname(at) === at)
      return at === dirname(at) ? folder : at;
  }
}
