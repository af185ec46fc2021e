import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { EngineError } from "../errors.js";

type Env = Record<string, string | undefined>;

export interface BackendLookup {
  /** Said outright: wins over everything. */
  url?: string;
  /** `backend.url` of Pulumi.yaml. */
  projectUrl?: string;
  /** Default: the process's environment. */
  env?: Env;
}

/** The folder of the user's Pulumi settings, shared with the CLI. */
export function pulumiHome(env: Env = process.env): string {
  return env.PULUMI_HOME ?? join(env.HOME ?? homedir(), ".pulumi");
}

/**
 * Which backend to use, in the CLI's order: PULUMI_BACKEND_URL, the project, the backend `pulumi login` chose. Without any
 * of them the user's home folder, for which the CLI would ask for a login.
 */
export async function findBackendUrl(lookup: BackendLookup = {}): Promise<string> {
  const env = lookup.env ?? process.env;
  const chosen = lookup.url ?? (env.PULUMI_BACKEND_URL || lookup.projectUrl);
  if (chosen) return chosen;
  return (await currentLogin(env)) ?? "file://~";
}

async function currentLogin(env: Env): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(join(pulumiHome(env), "credentials.json"), "utf8");
  } catch {
    return undefined;
  }
  try {
    const current = (JSON.parse(text) as { current?: unknown }).current;
    return typeof current === "string" && current !== "" ? current : undefined;
  } catch (cause) {
    throw new EngineError("corrupt", `${join(pulumiHome(env), "credentials.json")} is not JSON`, {
      hint: "Set PULUMI_BACKEND_URL, or log in again.",
      cause,
    });
  }
}

/** The folder a `file://` URL means, as the CLI reads it: `~` is the home folder, `./x` is relative to the current one. */
export function fileRoot(url: string, env: Env = process.env): string {
  if (!url.startsWith("file://")) {
    throw new EngineError(
      "unsupported",
      `the backend ${withoutPassword(url)} can only be used by the pulumi CLI: run this operation with pulumi, or use a file:// backend.`,
    );
  }
  const path = url.slice("file://".length).split("?")[0] ?? "";
  const home = env.HOME ?? homedir();
  if (path === "~") return home;
  if (path.startsWith("~")) return join(home, path.slice(2));
  return resolve(path);
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//****@");
}
