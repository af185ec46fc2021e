import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import semver from "semver";
import { EngineError } from "../errors.js";

/** Where a provider plugin is: a program to start, or a folder of a plugin in TypeScript or JavaScript. */
export type PluginLocation =
  | { kind: "binary"; path: string }
  | { kind: "folder"; path: string }
  | { kind: "port"; port: number };

export interface PluginSearch {
  /** The project's folder, which paths in `plugins:` are relative to. */
  root: string;
  /** `plugins.providers` of Pulumi.yaml. */
  providers: { name: string; path: string }[];
  env: Record<string, string | undefined>;
}

const EXE = process.platform === "win32" ? ".exe" : "";

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A plugin's folder holds its program, or a PulumiPlugin.yaml that says how to run it. */
function inFolder(folder: string, name: string): PluginLocation | undefined {
  const binary = join(folder, `pulumi-resource-${name}${EXE}`);
  if (isExecutable(binary)) return { kind: "binary", path: binary };
  return existsSync(join(folder, "PulumiPlugin.yaml"))
    ? { kind: "folder", path: folder }
    : undefined;
}

function configured(search: PluginSearch, name: string): PluginLocation | undefined {
  const entry = search.providers.find((provider) => provider.name === name);
  if (entry === undefined) return undefined;
  const path = resolve(search.root, entry.path);
  const found = isExecutable(path) ? { kind: "binary" as const, path } : inFolder(path, name);
  if (found !== undefined) return found;
  throw new EngineError(
    "not-found",
    `Pulumi.yaml names ${path} as the plugin ${name}, but there is none`,
    {
      hint: `It must be a program, or a folder with pulumi-resource-${name} or PulumiPlugin.yaml.`,
    },
  );
}

function installed(
  search: PluginSearch,
  name: string,
  version: string,
): PluginLocation | undefined {
  const folder = join(search.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "plugins");
  const prefix = `resource-${name}-v`;
  const names = existsSync(folder)
    ? readdirSync(folder).filter((entry) => entry.startsWith(prefix))
    : [];
  const versions = names.flatMap((entry) => semver.parse(entry.slice(prefix.length)) ?? []);
  const wanted = version === "" ? null : semver.parse(version);
  const fitting = versions.filter((found) => {
    if (wanted === null) return true;
    if (wanted.prerelease.length > 0) return found.compare(wanted) === 0;
    return found.major === wanted.major && found.compare(wanted) >= 0;
  });
  const best = fitting.sort((a, b) => b.compare(a))[0];
  return best === undefined
    ? undefined
    : inFolder(join(folder, prefix + best.raw.replace(/^v/, "")), name);
}

/** Looks in the order of the CLI. Does not download: the error names the command that does. */
export function locatePlugin(search: PluginSearch, name: string, version: string): PluginLocation {
  for (const entry of (search.env["PULUMI_DEBUG_PROVIDERS"] ?? "").split(",")) {
    const [debugged, port] = entry.split(":");
    if (debugged === name && port !== undefined) return { kind: "port", port: Number(port) };
  }
  const own = configured(search, name);
  if (own !== undefined) return own;
  if (!search.env["PULUMI_IGNORE_AMBIENT_PLUGINS"]) {
    for (const folder of (search.env["PATH"] ?? "").split(delimiter)) {
      const path = join(folder, `pulumi-resource-${name}${EXE}`);
      if (folder !== "" && isExecutable(path)) return { kind: "binary", path };
    }
  }
  const found = installed(search, name, version);
  if (found !== undefined) return found;
  throw new EngineError(
    "not-found",
    `the provider plugin ${name}${version === "" ? "" : ` ${version}`} is not installed`,
    {
      hint: `Run \`pulumi plugin install resource ${name}${version === "" ? "" : ` ${version}`}\`, or put pulumi-resource-${name} on the PATH.`,
    },
  );
}
