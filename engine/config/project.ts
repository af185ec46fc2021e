import { access } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { checkName } from "../backend/layout.js";
import { EngineError } from "../errors.js";
import { YamlFile } from "./yaml-file.js";

/** How the project describes one configuration key. */
export interface ConfigSchema {
  type?: string;
  items?: ConfigSchema;
  description?: string;
  default?: unknown;
  value?: unknown;
  secret?: boolean;
}

/** A Pulumi.yaml. */
export interface Project {
  name: string;
  runtime: { name: string; options: Record<string, unknown> };
  /** Entry point or folder of the program, relative to the project's folder. */
  main?: string;
  description?: string;
  backendUrl?: string;
  /** Every `up`, preview and destroy begins with a refresh, unless it is told not to: `options.refresh: always`. */
  refreshesAlways: boolean;
  /** By full key, `namespace:name`. */
  config: Record<string, ConfigSchema>;
  stackConfigDir?: string;
  /** A file to use as every stack's configuration instead of Pulumi.<stack>.yaml. */
  configFile?: string;
  /** The file itself and its folder. */
  path: string;
  root: string;
  /** Everything the file says, also what this version does not know. */
  raw: Record<string, unknown>;
}

const FILES = ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"];

/** The project of a folder or of the nearest folder above it. */
export async function findProject(folder: string = process.cwd()): Promise<Project> {
  let at = resolve(folder);
  for (;;) {
    for (const name of FILES) {
      const path = join(at, name);
      if (await exists(path)) return readProject(path);
    }
    const above = dirname(at);
    if (above === at) break;
    at = above;
  }
  throw new EngineError("not-found", `there is no Pulumi.yaml in ${resolve(folder)} or above it`, {
    hint: "Go to the folder of a project, or name it with --cwd.",
  });
}

/** Reads one project file. */
export async function readProject(path: string): Promise<Project> {
  const raw = (await YamlFile.read(path)).toData();
  if (typeof raw.name !== "string" || raw.name === "") {
    throw new EngineError("invalid-input", `${path} has no name`);
  }
  checkName("project", raw.name);
  const oldConfigDir = typeof raw.config === "string" ? raw.config : undefined;
  const stackConfigDir = stringOf(raw.stackConfigDir) ?? oldConfigDir;
  const main = stringOf(raw.main);
  const description = stringOf(raw.description);
  const backendUrl = stringOf((raw.backend as { url?: unknown } | undefined)?.url);
  return {
    name: raw.name,
    runtime: runtimeOf(raw.runtime, path),
    ...(main ? { main } : {}),
    ...(description ? { description } : {}),
    ...(backendUrl ? { backendUrl } : {}),
    refreshesAlways: (raw.options as { refresh?: unknown } | undefined)?.refresh === "always",
    config: oldConfigDir === undefined ? schemaOf(raw.config, raw.name, path) : {},
    ...(stackConfigDir ? { stackConfigDir } : {}),
    path,
    root: dirname(path),
    raw,
  };
}

/** The project with this file as its stacks' configuration, if one is given. */
export const withConfigFile = (project: Project, file: string | undefined): Project =>
  file === undefined ? project : { ...project, configFile: resolve(file) };

/** Where a stack's configuration is. */
export function stackConfigPath(project: Project, stack: string): string {
  if (project.configFile !== undefined) return project.configFile;
  const name = `Pulumi.${stack.replaceAll("/", "-")}${extname(project.path)}`;
  return join(project.root, project.stackConfigDir ?? "", name);
}

function runtimeOf(raw: unknown, path: string): Project["runtime"] {
  if (typeof raw === "string") return { name: raw, options: {} };
  if (raw !== null && typeof raw === "object") {
    const { name, options } = raw as { name?: unknown; options?: unknown };
    if (typeof name === "string") {
      return { name, options: (options ?? {}) as Record<string, unknown> };
    }
  }
  throw new EngineError("invalid-input", `${path} does not say a runtime`);
}

function schemaOf(raw: unknown, project: string, path: string): Record<string, ConfigSchema> {
  if (raw === undefined || raw === null) return {};
  if (typeof raw !== "object" || Array.isArray(raw)) {
    throw new EngineError("invalid-input", `config in ${path} must be a map`);
  }
  return Object.fromEntries(
    Object.entries(raw).map(([key, value]: [string, unknown]) => [
      key.includes(":") ? key : `${project}:${key}`,
      // A bare value is a default of the project's own key, a fixed value of another's.
      isSchema(value) ? value : isOwn(key, project) ? { default: value } : { value },
    ]),
  );
}

function isOwn(key: string, project: string): boolean {
  return !key.includes(":") || key.startsWith(`${project}:`);
}

function isSchema(value: unknown): value is ConfigSchema {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function stringOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
