import { existsSync } from "node:fs";
import { join, normalize, resolve } from "node:path";
import { parse } from "yaml";
import { readFile } from "node:fs/promises";
import { EngineError } from "../errors.js";
import type { Children } from "../hosts/child.js";
import { locateSdkScript } from "../hosts/node-program.js";
import { startPlugin } from "../hosts/plugin-process.js";
import { Analyzer, type PackInfo } from "./analyzer.js";
import { type PolicyConfig, readPolicyConfig, reconcile } from "./config.js";

/** A policy pack to use: its folder and, if there is one, the file that configures it. */
export interface PackSource {
  path: string;
  config?: string | undefined;
}

export interface PackLaunch {
  /** Where relative paths start. */
  folder: string;
  engineAddress: string;
  about: { stack: string; project: string; organization: string; dryRun: boolean };
  config: { values: Record<string, string>; secretKeys: readonly string[] };
  env: Record<string, string | undefined>;
  /** What the pack prints. */
  onLine: (line: string, stream: "out" | "error") => void;
}

/** A pack that runs and is configured. */
export interface Pack {
  info: PackInfo;
  analyzer: Analyzer;
  /** How events and summaries name it: `name|local|path`, as the CLI's. */
  eventName: string;
  /** What it was configured with. */
  config: ReadonlyMap<string, PolicyConfig>;
}

/** Starts a pack. Refuses what is no pack, and a configuration that does not fit. */
export async function startPack(
  source: PackSource,
  launch: PackLaunch,
  children: Children,
): Promise<Pack> {
  const folder = resolve(launch.folder, source.path);
  const project = await readProject(folder, source.path);
  const given =
    source.config === undefined
      ? new Map<string, PolicyConfig>()
      : await readPolicyConfig(resolve(launch.folder, source.config));
  const { port } = await startPlugin(children, {
    label: `the policy pack ${source.path}`,
    command: process.execPath,
    args: [scriptOf(folder), launch.engineAddress, folder],
    cwd: folder,
    env: { ...launch.env, ...environment(launch) },
    onLine: launch.onLine,
  });
  const analyzer = new Analyzer(`127.0.0.1:${port}`);
  await analyzer.configureStack(launch.about, launch.config);
  const info = await analyzer.info(project.version);
  if (!info.supportsConfig && source.config !== undefined) {
    throw new EngineError(
      "invalid-input",
      `policy pack ${JSON.stringify(info.name)} at ${JSON.stringify(source.path)} does not support config`,
    );
  }
  const { config, problems } = reconcile(info.policies, info.initialConfig, given);
  if (problems.length > 0) {
    throw new EngineError("invalid-input", "validating policy config", {
      reasons: problems.map((each) => `${info.name} ${info.version}  ${each}`).sort(),
    });
  }
  if (info.supportsConfig) await analyzer.configure(config);
  return { info, analyzer, eventName: `${info.name}|local|${shortened(source.path)}`, config };
}

async function readProject(folder: string, given: string): Promise<{ version: string }> {
  const path = join(folder, "PulumiPolicy.yaml");
  if (!existsSync(path)) {
    throw new EngineError(
      "not-found",
      `failed to load Pulumi policy project located at ${JSON.stringify(given)}: there is no ${path}`,
      { hint: "Give the folder of a policy pack with --policy-pack." },
    );
  }
  const raw = parse(await readFile(path, "utf8")) as {
    runtime?: string | { name?: string };
    version?: unknown;
  } | null;
  const runtime = typeof raw?.runtime === "string" ? raw.runtime : raw?.runtime?.name;
  if (runtime !== "nodejs") {
    throw new EngineError(
      "unsupported",
      `the policy pack ${given} has the runtime ${runtime ?? "(none)"}, which only the pulumi CLI can run: run this operation with pulumi.`,
    );
  }
  const { version } = raw ?? {};
  return {
    version: typeof version === "string" || typeof version === "number" ? `${version}` : "",
  };
}

function scriptOf(folder: string): string {
  try {
    return locateSdkScript(folder, "cmd/run-policy-pack");
  } catch (cause) {
    throw new EngineError(
      "not-found",
      "it looks like the policy pack's dependencies are not installed",
      { hint: `Run \`npm install\` in ${folder}.`, cause },
    );
  }
}

function environment({ about, config }: PackLaunch): Record<string, string> {
  return {
    PULUMI_NODEJS_ORGANIZATION: about.organization,
    PULUMI_NODEJS_PROJECT: about.project,
    PULUMI_NODEJS_STACK: about.stack,
    PULUMI_NODEJS_DRY_RUN: String(about.dryRun),
    PULUMI_CONFIG: JSON.stringify(config.values),
  };
}

/** A long path loses its middle, as in the CLI's events. */
function shortened(path: string): string {
  const clean = normalize(path).replace(/(.)\/$/, "$1");
  const parts = clean.split("/");
  if (clean.length <= 75 || parts.length <= 4) return clean;
  return [...parts.slice(0, 2), "...", ...parts.slice(-2)].join("/");
}
