import * as pulumi from "@pulumi/pulumi";
import type { CallbackSpec, SpecEntry } from "./case-format.js";
import { type Callback, makeCallback } from "./spec-callbacks.js";

/** What an entry has left under its name: a resource, or the result of a call. */
type Made = pulumi.Resource | pulumi.Output<Record<string, unknown>>;

class Custom extends pulumi.CustomResource {
  constructor(type: string, name: string, args: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
    super(type, name, { out: undefined, made: undefined, ...args }, opts);
  }
}

class Component extends pulumi.ComponentResource {
  constructor(type: string, name: string, opts: pulumi.ComponentResourceOptions, remote: boolean) {
    super(type, name, {}, opts, remote);
  }

  finish(outputs: pulumi.Inputs): void {
    this.registerOutputs(outputs);
  }
}

class Provider extends pulumi.ProviderResource {
  constructor(pkg: string, name: string, args: pulumi.Inputs, opts: pulumi.ResourceOptions) {
    super(pkg, name, args, opts);
  }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Does what the entries of a spec say, in their order. Returns the stack's outputs. */
export class SpecProgram {
  readonly #made = new Map<string, Made>();
  readonly #callbacks = new Map<string, Callback>();
  readonly #log: (line: string) => void;

  /** `log`: takes a line for each call of one of the program's own functions. */
  constructor(log: (line: string) => void = () => undefined) {
    this.#log = log;
  }

  async run(spec: readonly SpecEntry[]): Promise<Record<string, unknown> | undefined> {
    let outputs: Record<string, unknown> | undefined;
    for (const entry of spec) {
      if (entry.throw !== undefined) await this.#fail(entry.throw);
      else if (entry.name === undefined) outputs = this.#value(entry.outputs) as typeof outputs;
      else if (entry.callback !== undefined)
        this.#callbacks.set(entry.name, this.#callback(entry.name, entry.callback));
      else this.#made.set(entry.name, this.#make(entry, entry.name));
    }
    return outputs;
  }

  #callback(name: string, spec: CallbackSpec): Callback {
    return makeCallback(name, spec, {
      log: this.#log,
      value: (value) => this.#value(value),
      options: (opts) => this.#options(opts),
    });
  }

  /** What was registered before is there when the program ends. */
  async #fail(message: string): Promise<never> {
    const resources = [...this.#made.values()].filter((made) => made instanceof pulumi.Resource);
    for (const { urn } of resources)
      await new Promise<void>((resolve) => void urn.apply(() => resolve()));
    throw new Error(message);
  }

  #make(entry: SpecEntry, name: string): Made {
    const { type, args = {}, opts = {} } = entry;
    const options = this.#options(opts);
    const inputs = this.#value(args) as pulumi.Inputs;
    if (entry.component === 1) {
      const component = new Component(type ?? "my:m:C", name, options, opts["remote"] === 1);
      if (entry.outputs !== undefined)
        component.finish(this.#value(entry.outputs) as pulumi.Inputs);
      return component;
    }
    if (entry.provider === 1) return new Provider(type ?? "tp", name, inputs, options);
    if (entry.reference !== undefined)
      return new pulumi.StackReference(name, { name: entry.reference }, options);
    if (entry.invoke !== undefined) {
      if (entry.lifted === 1) return pulumi.runtime.invokeOutput(entry.invoke, inputs, options);
      return pulumi.output(
        pulumi.runtime.invoke(entry.invoke, inputs, options as pulumi.InvokeOptions),
      ) as pulumi.Output<Record<string, unknown>>;
    }
    const id =
      entry.get === undefined ? {} : { id: this.#value(entry.get) as pulumi.Input<string> };
    return new Custom(type ?? "tp:index:R", name, inputs, { ...options, ...id });
  }

  #find(name: string): Made {
    const made = this.#made.get(name);
    if (made === undefined) throw new Error(`the spec has no ${name} yet`);
    return made;
  }

  #findCallback(name: unknown): Callback {
    const found = this.#callbacks.get(String(name));
    if (found === undefined) throw new Error(`the spec has no callback ${String(name)} yet`);
    return found;
  }

  /** `$a.out` is an output of a; `{ $secret: v }`, `{ $text: s }` and the like are what the SDK makes of v and s. */
  #value(value: unknown): unknown {
    if (typeof value === "string") {
      const [, name, property] = /^\$([^.]+)\.(.+)$/.exec(value) ?? [];
      if (name === undefined || property === undefined) return value;
      const made = this.#find(name);
      if (made instanceof pulumi.Resource)
        return (made as unknown as Record<string, unknown>)[property];
      return made.apply((result) => result[property]);
    }
    if (Array.isArray(value)) return value.map((item) => this.#value(item));
    if (!isMap(value)) return value;
    if ("$secret" in value) return pulumi.secret(this.#value(value["$secret"]));
    if ("$resource" in value) return this.#find(String(value["$resource"]));
    if ("$text" in value) return new pulumi.asset.StringAsset(String(value["$text"]));
    if ("$file" in value) return new pulumi.asset.FileAsset(String(value["$file"]));
    if ("$url" in value) return new pulumi.asset.RemoteAsset(String(value["$url"]));
    if ("$folder" in value) return new pulumi.asset.FileArchive(String(value["$folder"]));
    if ("$archive" in value)
      return new pulumi.asset.AssetArchive(this.#value(value["$archive"]) as pulumi.asset.AssetMap);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#value(item)]));
  }

  #options(opts: Record<string, unknown>): pulumi.ComponentResourceOptions {
    const result: Record<string, unknown> = { ...opts };
    delete result["remote"];
    const one = (name: unknown): unknown =>
      typeof name === "string" ? this.#find(name) : undefined;
    for (const key of ["parent", "deletedWith", "provider"])
      if (key in opts) result[key] = one(opts[key]);
    for (const key of ["dependsOn", "replaceWith", "providers"])
      if (Array.isArray(opts[key])) result[key] = opts[key].map(one);
    if (Array.isArray(opts["transforms"]))
      result["transforms"] = opts["transforms"].map((name) => this.#findCallback(name));
    if (isMap(opts["hooks"]))
      result["hooks"] = Object.fromEntries(
        Object.entries(opts["hooks"]).map(([when, names]) => [
          when,
          (names as string[]).map((name) => this.#findCallback(name)),
        ]),
      );
    if ("replacementTrigger" in opts)
      result["replacementTrigger"] = this.#value(opts["replacementTrigger"]);
    if (Array.isArray(opts["aliases"]))
      result["aliases"] = opts["aliases"].map((alias: unknown) => {
        if (!isMap(alias) || !("parent" in alias)) return alias;
        const { parent } = alias;
        if (parent === null) return { ...alias, parent: undefined };
        const urn = typeof parent === "string" && parent.startsWith("urn:");
        return { ...alias, parent: urn ? parent : one(parent) };
      });
    return result;
  }
}
