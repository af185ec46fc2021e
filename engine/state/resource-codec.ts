import { EngineError } from "../errors.js";
import { noteIfOrdinary } from "../values/known-maps.js";
import { isObject } from "../values/wire.js";
import { FEATURES } from "./at-rest.js";
import type { ResourceState } from "./model.js";
import { openValue, type SecretOpener } from "./open-values.js";
import { sealValue, type SecretSealer } from "./seal-values.js";

/**
 * The fields of a resource in a file, in the CLI's order (ResourceV3 of pulumi/pulumi sdk/go/common/apitype/core.go).
 * `plain` is written as it is, when it is not empty; `map` and `value` hold property values.
 */
const FIELDS = {
  urn: "always",
  custom: "always",
  delete: "plain",
  id: "plain",
  type: "always",
  inputs: "map",
  outputs: "map",
  parent: "plain",
  protect: "plain",
  taint: "plain",
  external: "plain",
  dependencies: "plain",
  initErrors: "plain",
  provider: "plain",
  propertyDependencies: "plain",
  pendingReplacement: "plain",
  additionalSecretOutputs: "plain",
  aliases: "plain",
  customTimeouts: "plain",
  importID: "plain",
  retainOnDelete: "plain",
  deletedWith: "plain",
  replaceWith: "plain",
  created: "plain",
  modified: "plain",
  sourcePosition: "plain",
  stackTrace: "plain",
  ignoreChanges: "plain",
  hideDiff: "plain",
  replaceOnChanges: "plain",
  replacementTrigger: "value",
  refreshBeforeUpdate: "plain",
  viewOf: "plain",
  resourceHooks: "plain",
  extensionRef: "plain",
  snippetID: "plain",
} as const satisfies Record<Exclude<keyof ResourceState, "unknownFields">, string>;

const KNOWN = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

/** Every field of a resource state. */
export const RESOURCE_FIELDS: readonly (keyof ResourceState)[] = [...KNOWN, "unknownFields"];

export interface EncodedResource {
  fields: Record<string, unknown>;
  features: string[];
}

/** A resource as it stands in a file. */
export function encodeResource(state: ResourceState, sealSecret: SecretSealer): EncodedResource {
  const fields: Record<string, unknown> = {};
  let byteString = false;
  for (const name of KNOWN) {
    const value = state[name];
    if (FIELDS[name] === "always") {
      fields[name] = value;
    } else if (FIELDS[name] === "plain") {
      if (!isEmpty(value)) fields[name] = value;
    } else if (FIELDS[name] === "map" ? !isEmpty(value) : value !== undefined && value !== null) {
      const sealed = sealValue(value, `${state.urn}|${name}`, sealSecret);
      byteString ||= sealed.byteString;
      fields[name] = sealed.value;
    }
  }
  for (const [name, value] of Object.entries(state.unknownFields ?? {})) {
    if (!Object.hasOwn(FIELDS, name)) fields[name] = value;
  }
  return { fields, features: featuresOf(state, byteString) };
}

/** A resource as the engine works with it. */
export function decodeResource(raw: unknown, place: string, opener: SecretOpener): ResourceState {
  if (raw === null || typeof raw !== "object" || Array.isArray(raw)) {
    throw new EngineError("corrupt", `${place} of the state is not an object`);
  }
  const fields = raw as Record<string, unknown>;
  const urn = fields.urn;
  if (typeof urn !== "string" || urn === "") {
    throw new EngineError("corrupt", `${place} of the state has no urn`);
  }
  if (typeof fields.type !== "string" || fields.type === "") {
    throw new EngineError("corrupt", `resource ${urn} has no type in the state`);
  }
  const state: Record<string, unknown> = {};
  const unknownFields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!Object.hasOwn(FIELDS, name)) {
      unknownFields[name] = value;
    } else if (value === null) {
      continue;
    } else if (FIELDS[name as keyof typeof FIELDS] in { map: 1, value: 1 }) {
      const isOpen = isObject(value) && noteIfOrdinary(value);
      state[name] = isOpen ? value : openValue(value, `${urn}|${name}`, opener);
    } else {
      state[name] = value;
    }
  }
  state.custom = fields.custom === true;
  if (Object.keys(unknownFields).length > 0) state.unknownFields = unknownFields;
  return state as unknown as ResourceState;
}

function featuresOf(state: ResourceState, byteString: boolean): string[] {
  const features: string[] = [];
  if (byteString) features.push(FEATURES.byteString);
  if (state.refreshBeforeUpdate) features.push(FEATURES.refreshBeforeUpdate);
  if (state.viewOf) features.push(FEATURES.views);
  if (!isEmpty(state.resourceHooks)) features.push(FEATURES.hooks);
  if (state.taint) features.push(FEATURES.taint);
  if (!isEmpty(state.replaceWith)) features.push(FEATURES.replaceWith);
  if (state.extensionRef) features.push(FEATURES.extensions);
  if (state.snippetID) features.push(FEATURES.snippets);
  return features;
}

/** What Go's `omitempty` leaves out. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "" || value === 0) {
    return true;
  }
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}
