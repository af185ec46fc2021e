import type { Goal } from "../deployment/goal.js";
import type { PropertyMap } from "../state/model.js";
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

/** The goal of a package's default provider: an ordinary resource that no program has written. */
export function defaultProviderGoal(
  { pkg, version, pluginDownloadUrl }: ProviderRequest,
  config: StackConfiguration,
): Goal {
  const parts = ["default"];
  if (version !== "") parts.push(version.replaceAll(/[.+-]/g, "_"));
  if (pluginDownloadUrl !== "") parts.push(pluginDownloadUrl.replaceAll(/[^A-Za-z0-9]/g, "_"));
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

/** Packages whose default provider the user has forbidden (`pulumi:disable-default-providers`). */
export function isDefaultProviderDenied(pkg: string, config: StackConfiguration): boolean {
  const text = config.values["pulumi:disable-default-providers"];
  if (text === undefined) return false;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && (list.includes("*") || list.includes(pkg));
  } catch {
    return text === "*" || text === pkg;
  }
}
