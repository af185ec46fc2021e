import semver from "semver";
import type { Goal } from "../deployment/goal.js";
import { EngineError } from "../errors.js";
import type { PropertyMap, ResourceState } from "../state/model.js";
import { providerType } from "../urn.js";
import { makeSecret } from "../values/wire.js";
import { DYNAMIC_PACKAGE } from "./plugin-host.js";

export interface ProviderRequest {
  pkg: string;
  version: string;
  pluginDownloadUrl: string;
}

export interface StackConfiguration {
  /** By `namespace:key`. */
  values: Record<string, string>;
  secretKeys: ReadonlySet<string>;
}

/** The newest version of a package in the state: what a request without one means. "" when there is none. */
export function versionInState(
  { providers }: { providers: readonly ResourceState[] },
  pkg: string,
): string {
  const type = providerType(pkg);
  const versions = providers.flatMap((state) => {
    const version = state.type === type ? state.inputs?.["version"] : undefined;
    return typeof version === "string" && semver.valid(version) !== null ? [version] : [];
  });
  return semver.sort(versions).at(-1) ?? "";
}

/** What a default provider is configured with: its namespace's config. Dynamic providers get all, with namespaces. */
function configOf(pkg: string, config: StackConfiguration): PropertyMap {
  const inputs: PropertyMap = {};
  for (const [key, value] of Object.entries(config.values)) {
    const plain = config.secretKeys.has(key) ? makeSecret(value) : value;
    if (pkg === DYNAMIC_PACKAGE) inputs[key] = plain;
    else if (key.startsWith(`${pkg}:`)) inputs[key.slice(pkg.length + 1)] = plain;
  }
  return inputs;
}

/** An address as a name, part by part, as the CLI makes it. */
function nameOf(url: string): string {
  const parts = url.split("/").filter((part) => part !== "");
  return parts.map((part) => part.replaceAll(/[^A-Za-z0-9_.-]/g, "_")).join("/");
}

/** The goal of a package's default provider: an ordinary resource that no program has written. */
export function defaultProviderGoal(
  { pkg, version, pluginDownloadUrl }: ProviderRequest,
  config: StackConfiguration,
): Goal {
  const parts = ["default"];
  if (version !== "") parts.push(version.replaceAll(/[.+-]/g, "_"));
  if (pluginDownloadUrl !== "") parts.push(nameOf(pluginDownloadUrl));
  const inputs = configOf(pkg, config);
  const internal: PropertyMap = {};
  if (version !== "") inputs["version"] = version;
  if (pluginDownloadUrl !== "") internal["pluginDownloadURL"] = pluginDownloadUrl;
  if (version !== "" || pluginDownloadUrl !== "") inputs["__internal"] = internal;
  return {
    type: providerType(pkg),
    name: parts.join("_"),
    custom: true,
    inputs,
    parent: "",
    dependencies: [],
    provider: "",
    propertyDependencies: {},
    ignoreChanges: [],
    additionalSecretOutputs: [],
    aliases: [],
    importId: "",
    customTimeouts: {},
    replaceOnChanges: [],
    deletedWith: "",
    replaceWith: [],
    hideDiff: [],
  };
}

const DENIED = "pulumi:disable-default-providers";

/** Whether the user has forbidden a package's default provider; the engine's own is never forbidden. */
export function isDefaultProviderDenied(pkg: string, config: StackConfiguration): boolean {
  const text = config.values[DENIED] ?? "";
  if (pkg === "pulumi" || text === "") return false;
  return packagesIn(text).some((denied) => denied === "*" || denied === pkg);
}

function packagesIn(text: string): string[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === "string"))
    throw new EngineError(
      "invalid-input",
      `${DENIED} is to be a JSON list of packages such as ["aws"] or ["*"], not ${text}`,
    );
  return list.map((entry) => entry.trim());
}
