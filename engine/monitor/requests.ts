import { isAbsolute, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Alias as AliasMessage } from "@pulumi/pulumi/proto/alias_pb.js";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import * as sourcePb from "@pulumi/pulumi/proto/source_pb.js";
import { EngineError } from "../errors.js";
import { hookBinding } from "../callbacks/hooks.js";
import type { Alias, Goal } from "../deployment/goal.js";
import type { PropertyMap } from "../state/model.js";
import { speedUpTraces } from "../values/fast-trace.js";
import { fromOutputValues } from "../values/outputs.js";

speedUpTraces(sourcePb);

/** The sentence for everything only the CLI can do. */
export function refuseFeature(feature: string): never {
  throw new EngineError(
    "unsupported",
    `this program uses ${feature}, which the embedded engine does not support: run this operation with the pulumi CLI.`,
  );
}

/** What this engine cannot do is refused before anything is done. */
export function refuseUnsupported(request: RegisterResourceRequest): void {
  if (request.getRemote()) refuseFeature("a remote component");
  if (request.getPackageref() !== "") refuseFeature("a parameterized package");
  if (request.getStateMigrationsList().length > 0) refuseFeature("state migrations");
  if (request.getEnvvarmappingsMap().getLength() > 0)
    refuseFeature("environment variables mapped for a provider");
}

/** Where in the program, relative to the project; nothing when it cannot be said. */
export function sourcePosition(
  position: sourcePb.SourcePosition | undefined,
  root: string,
): string | undefined {
  if (position === undefined) return undefined;
  const file = projectFile(position.getUri(), root);
  if (file === undefined) return undefined;
  const column = position.getColumn() === 0 ? "" : `,${position.getColumn()}`;
  return `${file}#${position.getLine()}${column}`;
}

/** By URI and root: every resource names the few files of the program again. */
const projectFiles = new Map<string, string | undefined>();

function projectFile(uri: string, root: string): string | undefined {
  const key = `${uri} ${root}`;
  if (!projectFiles.has(key)) projectFiles.set(key, findProjectFile(uri, root));
  return projectFiles.get(key);
}

function findProjectFile(uri: string, root: string): string | undefined {
  try {
    const file = fileURLToPath(uri);
    if (!isAbsolute(file)) return undefined;
    const path = relative(root, file).split(sep).join("/");
    return `project:///${encodeURI(path).replace(/[#?]/g, encodeURIComponent)}`;
  } catch {
    return undefined;
  }
}

type Trace = { sourcePosition?: string }[];

/** By the list of a message's frames, which resources with the same trace share. */
const traces = new WeakMap<sourcePb.StackFrame[], { root: string; trace: Trace }>();

export function stackTrace(
  message: sourcePb.StackTrace | undefined,
  root: string,
): Trace | undefined {
  const frames = message?.getFramesList() ?? [];
  if (frames.length === 0) return undefined;
  const known = traces.get(frames);
  if (known?.root === root) return known.trace;
  const trace = frames.map((frame) => {
    const position = sourcePosition(frame.getPc(), root);
    return position === undefined ? {} : { sourcePosition: position };
  });
  traces.set(frames, { root, trace });
  return trace;
}

function aliasOf(message: AliasMessage): Alias {
  const spec = message.getSpec();
  if (spec === undefined) return { urn: message.getUrn() };
  return {
    ...(spec.getName() === "" ? {} : { name: spec.getName() }),
    ...(spec.getType() === "" ? {} : { type: spec.getType() }),
    ...(spec.getStack() === "" ? {} : { stack: spec.getStack() }),
    ...(spec.getProject() === "" ? {} : { project: spec.getProject() }),
    ...(spec.getParenturn() === "" ? {} : { parentUrn: spec.getParenturn() }),
    ...(spec.getNoparent() ? { noParent: true } : {}),
  };
}

const UNITS: Record<string, number> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** Seconds of a duration in Go's notation, such as `1h30m`. */
export function durationSeconds(text: string): number {
  let total = 0;
  let rest = text.trim();
  while (rest !== "") {
    const match = /^(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/.exec(rest);
    const unit = match?.[2] === undefined ? undefined : UNITS[match[2]];
    if (match?.[1] === undefined || unit === undefined)
      throw new EngineError("invalid-input", `"${text}" is not a duration such as 5m or 1h30m`);
    total += Number(match[1]) * unit;
    rest = rest.slice(match[0].length);
  }
  return total;
}

function timeouts(request: RegisterResourceRequest): Goal["customTimeouts"] {
  const message = request.getCustomtimeouts();
  const result: Goal["customTimeouts"] = {};
  if (message === undefined) return result;
  if (message.getCreate() !== "") result.create = durationSeconds(message.getCreate());
  if (message.getUpdate() !== "") result.update = durationSeconds(message.getUpdate());
  if (message.getDelete() !== "") result.delete = durationSeconds(message.getDelete());
  if (message.getRead() !== "") result.read = durationSeconds(message.getRead());
  return result;
}

/** Dependencies of each property; a program that gives none means all of them for each. */
export function propertyDependencies(
  request: RegisterResourceRequest,
  inputs: PropertyMap,
): Record<string, string[]> {
  const map = request.getPropertydependenciesMap();
  const result: Record<string, string[]> = {};
  if (map.getLength() === 0) {
    for (const key of Object.keys(inputs)) result[key] = request.getDependenciesList();
    return result;
  }
  map.forEach((dependencies, key) => {
    result[key] = dependencies.getUrnsList();
  });
  for (const key of Object.keys(inputs)) result[key] ??= [];
  return result;
}

/** What a registration asks for, once what it inherits is filled in and its transforms have run. */
export function goalOf(
  request: RegisterResourceRequest,
  provider: string,
  inputs: PropertyMap,
  root: string,
): Goal {
  const protect = request.hasProtect() ? request.getProtect() : undefined;
  const retainOnDelete = request.hasRetainondelete() ? request.getRetainondelete() : undefined;
  const position = sourcePosition(request.getSourceposition(), root);
  const trace = stackTrace(request.getStacktrace(), root);
  const before = request.getDeletebeforereplacedefined() || request.getDeletebeforereplace();
  const trigger: unknown = fromOutputValues(request.getReplacementTrigger()?.toJavaScript());
  const hooks = hookBinding(request.getHooks());
  return {
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    inputs,
    parent: request.getParent(),
    dependencies: request.getDependenciesList(),
    provider,
    propertyDependencies: propertyDependencies(request, inputs),
    ignoreChanges: request.getIgnorechangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: [
      ...request.getAliasurnsList().map((urn) => ({ urn })),
      ...request.getAliasesList().map(aliasOf),
    ],
    importId: request.getImportid(),
    customTimeouts: timeouts(request),
    replaceOnChanges: request.getReplaceonchangesList(),
    deletedWith: request.getDeletedwith(),
    replaceWith: request.getReplaceWithList(),
    hideDiff: request.getHidediffsList(),
    ...(hooks === undefined ? {} : { resourceHooks: hooks }),
    ...(protect === undefined ? {} : { protect }),
    ...(retainOnDelete === undefined ? {} : { retainOnDelete }),
    ...(before ? { deleteBeforeReplace: request.getDeletebeforereplace() } : {}),
    ...(trigger === undefined || trigger === null ? {} : { replacementTrigger: trigger }),
    ...(position === undefined ? {} : { sourcePosition: position }),
    ...(trace === undefined ? {} : { stackTrace: trace }),
  };
}
