/** What `runtime/rpc` of the SDK exports, as far as it is used here. */
export interface RpcModule {
  serializeResourceProperties: (
    label: string,
    props: Readonly<Record<string, unknown>>,
    options?: Options,
  ) => Promise<Serialized>;
  serializeProperty: (
    context: string,
    value: unknown,
    needs: Set<unknown>,
    options?: Options,
  ) => Promise<unknown>;
}

interface Options {
  /** Outputs are to stay outputs, as for components of other languages. */
  keepOutputValues?: boolean;
  /** What the SDK names when a program waits for itself. */
  pendingRegistration?: { inputProperty?: string; awaitingOutput?: object };
}

/** What is used of an output. */
interface Output {
  promise(): Promise<unknown>;
  isKnown: unknown;
  isSecret: unknown;
  resources(): unknown;
  allResources?: unknown;
}

/** Properties as they are sent, and the resources that each of them depends on. */
type Serialized = [Record<string, unknown>, Map<string, Set<unknown>>];

/**
 * The SDK makes promises for every value in a resource's inputs, however deep, since any of them may be an output. Here what
 * has no output in it is copied at once, and an output that many resources are given is looked into once.
 */
export function speedUpInputs(module: RpcModule): void {
  const original = module.serializeResourceProperties;
  const known = new WeakMap<object, Promise<[unknown, Set<unknown>]>>();

  const ofOutput = async (output: Output, needs: Set<unknown>, options?: Options) => {
    if (options?.pendingRegistration) options.pendingRegistration.awaitingOutput = output;
    let found = known.get(output);
    if (found === undefined) {
      const own = new Set<unknown>();
      const value = sentFor(output, own, options);
      known.set(output, (found = value.then((settled) => [settled, own])));
    }
    const [value, resources] = await found;
    for (const resource of resources) needs.add(resource);
    return value;
  };

  /** The SDK says whether it is known, secret and what it depends on; a plain value is copied here. */
  const sentFor = async (output: Output, needs: Set<unknown>, options?: Options) => {
    const value = await output.promise();
    const plain = typeof value === "object" && value !== null ? plainCopy(value) : NOT_PLAIN;
    if (plain === NOT_PLAIN) return module.serializeProperty("output", output, needs, options);
    const sent = await module.serializeProperty("output", ofNull(output), needs);
    return sent === null ? plain : isSecretOfNull(sent) ? { ...sent, value: plain } : sent;
  };

  const serialize = async (
    value: unknown,
    needs: Set<unknown>,
    options?: Options,
  ): Promise<unknown> => {
    const plain = plainCopy(value);
    if (plain !== NOT_PLAIN) return plain;
    if (value instanceof Promise) return serialize(await value, needs, options);
    if (isOutput(value)) return ofOutput(value, needs, options);
    if (Array.isArray(value)) {
      const items: unknown[] = [];
      for (const item of value) items.push((await serialize(item, needs, options)) ?? null);
      return items;
    }
    if (!isRecord(value)) return module.serializeProperty("value", value, needs, options);
    const copy: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) {
      const sent = await serialize(member, needs, options);
      if (sent !== undefined) copy[key] = sent;
    }
    return copy;
  };

  module.serializeResourceProperties = async (label, props, options) => {
    if (options?.keepOutputValues === true) return original(label, props, options);
    const sent: Record<string, unknown> = {};
    const dependencies = new Map<string, Set<unknown>>();
    for (const key of Object.keys(props)) {
      if (key === "id" || key === "urn") continue;
      // For the SDK's word on programs that never end.
      if (options?.pendingRegistration) options.pendingRegistration.inputProperty = key;
      const needs = new Set<unknown>();
      try {
        const value = await serialize(props[key], needs, options);
        if (value === undefined) continue;
        sent[key] = value;
        dependencies.set(key, needs);
      } catch {
        // It fails again, in the SDK's words.
        const [one, of] = await original(label, { [key]: props[key] }, options);
        Object.assign(sent, one);
        for (const [name, resources] of of) dependencies.set(name, resources);
      }
    }
    return [sent, dependencies];
  };
}

const NOT_PLAIN = Symbol("not plain");

/** A copy of what has no output, promise, asset or resource in it, as serializeProperty of the SDK makes it. */
function plainCopy(value: unknown): unknown {
  if (typeof value === "function") return undefined;
  if (typeof value !== "object" || value === null) return isWireType(value) ? value : NOT_PLAIN;
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) {
      const copy = plainCopy(item);
      if (copy === NOT_PLAIN) return NOT_PLAIN;
      items.push(copy ?? null);
    }
    return items;
  }
  if (!isRecord(value)) return NOT_PLAIN;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const plain = plainCopy(member);
    if (plain === NOT_PLAIN) return NOT_PLAIN;
    if (plain !== undefined) copy[key] = plain;
  }
  return copy;
}

/** An object of no class. The SDK's own are of classes; another copy of the SDK knows them by such keys. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return !Object.keys(value).some((key) => key.startsWith("__pulumi"));
}

/** An output that is as known and as secret, and depends on the same. */
function ofNull(output: Output): object {
  const { allResources } = output;
  return {
    __pulumiOutput: true,
    isKnown: output.isKnown,
    isSecret: output.isSecret,
    promise: () => Promise.resolve(null),
    resources: () => output.resources(),
    // Outputs of old SDKs have none.
    ...(typeof allResources === "function" ? { allResources } : {}),
  };
}

function isSecretOfNull(sent: unknown): sent is { value: null } {
  return isRecord(sent) && sent["value"] === null;
}

function isOutput(value: unknown): value is Output {
  return (value as { __pulumiOutput?: unknown }).__pulumiOutput === true;
}

function isWireType(value: unknown): boolean {
  return (
    value === undefined || value === null || ["string", "number", "boolean"].includes(typeof value)
  );
}
