import type { PropertyMap, ResourceState, Snapshot } from "../../../engine/state/model.js";
import { parseProviderReference, parseUrn } from "../../../engine/urn.js";
import { SIGNATURE_KEY, SIGNATURES } from "../../../engine/values/signatures.js";

const MARKS = [
  "delete",
  "pendingReplacement",
  "external",
  "protect",
  "retainOnDelete",
  "taint",
] as const;
const ROOT_TYPE = "pulumi:pulumi:Stack";
const KINDS = new Map<string, string>(
  Object.entries(SIGNATURES).map(([kind, signature]) => [signature, kind]),
);

/** A name that says the type where it is not the usual one. */
export function nameOf(urn: string): string {
  const { qualifiedType, name } = parseUrn(urn);
  return qualifiedType === "tp:index:R" || qualifiedType === "my:m:C"
    ? name
    : `${qualifiedType.split("$").slice(-2).join("$")}::${name}`;
}

/** Signatures by their words, keys in order: for eyes and for comparison. */
export function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as PropertyMap).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([key, item]) =>
      key === SIGNATURE_KEY ? ["$", KINDS.get(String(item)) ?? item] : [key, readable(item)],
    ),
  );
}

const json = (value: unknown): string => JSON.stringify(readable(value));

/** Everything a state says of a resource, but for times, generated ids and positions in the source, in one line. */
function describe(state: ResourceState): string {
  const { inputs = {}, outputs = {} } = state;
  const words = [
    nameOf(state.urn),
    ...MARKS.filter((mark) => state[mark] === true).map((mark) => `(${mark})`),
  ];
  const say = (word: string, value: unknown): void => {
    if (value === undefined || value === "" || value === null) return;
    if (typeof value === "object" && Object.keys(value).length === 0) return;
    words.push(`${word}=${typeof value === "string" ? value : json(value)}`);
  };
  const names = (urns: string[] | undefined): string =>
    [...(urns ?? [])].map(nameOf).sort().join(",");
  const generated = state.type.startsWith("pulumi:");
  if (!generated) say("id", state.id);
  say("in", inputs);
  say(
    "out",
    Object.fromEntries(
      Object.entries(outputs).filter(([key, value]) => json(value) !== json(inputs[key])),
    ),
  );
  say(
    "lacks",
    Object.keys(inputs)
      .filter((key) => !(key in outputs) && state.custom)
      .sort()
      .join(","),
  );
  if (
    state.parent !== undefined &&
    state.parent !== "" &&
    parseUrn(state.parent).type !== ROOT_TYPE
  )
    say("parent", nameOf(state.parent));
  say("needs", names(state.dependencies));
  const properties = Object.entries(state.propertyDependencies ?? {}).filter(
    ([, urns]) => urns.length > 0,
  );
  say(
    "through",
    properties
      .map(([key, urns]) => `${key}:${names(urns)}`)
      .sort()
      .join(";"),
  );
  if (state.provider !== undefined && state.provider !== "") {
    const provider = parseUrn(parseProviderReference(state.provider).urn).name;
    if (provider !== "default") say("provider", provider);
  }
  say(
    "deletedWith",
    names(state.deletedWith === undefined || state.deletedWith === "" ? [] : [state.deletedWith]),
  );
  say("replaceWith", names(state.replaceWith));
  say("errors", state.initErrors);
  say("secret", [...(state.additionalSecretOutputs ?? [])].sort().join(","));
  say(
    "timeouts",
    Object.fromEntries(
      Object.entries(state.customTimeouts ?? {}).filter(([, seconds]) => seconds !== 0),
    ),
  );
  say("importID", state.importID);
  say("ignores", state.ignoreChanges?.join(","));
  say("replaceOn", state.replaceOnChanges?.join(","));
  say("trigger", state.replacementTrigger);
  say("aliases", names(state.aliases));
  say("hooks", state.resourceHooks);
  return words.join(" ");
}

/** The lines of a state; a default provider or root stack that says nothing is left out. */
export function describeState(snapshot: Snapshot | null): string[] {
  return (snapshot?.resources ?? []).map(describe).filter((line) => {
    if (line.startsWith(`${ROOT_TYPE}::`)) return line.includes(" ");
    return !/^pulumi:providers:[\w-]+::default$/.test(line);
  });
}

export function describePending(snapshot: Snapshot | null): string[] {
  return (snapshot?.pendingOperations ?? [])
    .map(({ type, resource }) => `${type} ${nameOf(resource.urn)}`)
    .sort();
}
