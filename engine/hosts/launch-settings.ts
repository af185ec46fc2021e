import { existsSync } from "node:fs";
import { join } from "node:path";

/** The descriptor of a child's pipe to the engine. */
export const LINK_FD = 3;

/** What the launcher is told, as JSON in its first argument. */
export interface LaunchSettings {
  /** Where the engine listens for gRPC. */
  engine: string;
  /** There is a pipe to it. */
  linked: boolean;
  /** Somebody reads debug messages. */
  debug: boolean;
}

/** How a script of the SDK is run. */
export interface Launch {
  /** Arguments of node. */
  args: string[];
  /** It has a pipe to the engine, and speaks over it. */
  linked: boolean;
}

/** Tracing wants to be first with the modules that it watches. */
export function isTraced(env: NodeJS.ProcessEnv): boolean {
  return env["TRACEPARENT"] !== undefined;
}

/** The way out should something of it ever stand in a program's way: the SDK as it is, and gRPC. */
export function isPlain(env: NodeJS.ProcessEnv): boolean {
  return env["CLOCKER_PLAIN_SDK"] === "true";
}

/** What runs first in such a child. Tests that run the engine from its sources have it compiled elsewhere. */
export const launcher = { file: join(__dirname, "launch.js") };

/** The way to run a script of the SDK with what makes it faster. */
export function launchOf(
  script: string,
  env: NodeJS.ProcessEnv,
  settings: Omit<LaunchSettings, "linked">,
): Launch {
  const { file } = launcher;
  // There is no launcher when the engine itself runs from its sources.
  if (isPlain(env) || !existsSync(file)) return { args: [script], linked: false };
  // Tracing watches gRPC; a pipe of Windows cannot be opened by its number.
  const linked = !isTraced(env) && process.platform !== "win32";
  return { args: [file, JSON.stringify({ ...settings, linked }), script], linked };
}
