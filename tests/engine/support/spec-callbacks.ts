import * as pulumi from "@pulumi/pulumi";
import type { CallbackSpec } from "./case-format.js";

/** A function of the program that the engine calls, as the SDK takes it. */
export type Callback =
  pulumi.ResourceHook | pulumi.ErrorHook | pulumi.ResourceTransform | pulumi.InvokeTransform;

/** What callbacks need of the program that they belong to. */
export interface Surroundings {
  /** A line beside the provider's calls. */
  log: (line: string) => void;
  value: (value: unknown) => unknown;
  options: (opts: Record<string, unknown>) => pulumi.ComponentResourceOptions;
}

/** Makes the function that a spec describes, and makes it known where nobody names it: transforms of the stack and of invokes. */
export function makeCallback(name: string, spec: CallbackSpec, around: Surroundings): Callback {
  switch (spec.kind) {
    case "hook":
      return resourceHook(name, spec, around);
    case "errorHook":
      return errorHook(name, spec, around);
    case "invokeTransform": {
      const transform = invokeTransform(name, spec, around);
      pulumi.runtime.registerInvokeTransform(transform);
      return transform;
    }
    default: {
      const transform = resourceTransform(name, spec, around);
      if (spec.kind === "stackTransform") pulumi.runtime.registerResourceTransform(transform);
      return transform;
    }
  }
}

function failAsTold({ fail }: CallbackSpec): void {
  if (fail !== undefined) throw new Error(fail);
}

function resourceHook(
  name: string,
  spec: CallbackSpec,
  { log }: Surroundings,
): pulumi.ResourceHook {
  return new pulumi.ResourceHook(
    name,
    async (args) => {
      const words = [`hook ${name} ${args.name}`];
      if (args.id !== "") words.push(`id=${args.id}`);
      for (const side of ["newInputs", "newOutputs", "oldInputs", "oldOutputs"] as const)
        if (args[side] !== undefined) words.push(`${side}=${await shown(args[side])}`);
      log(words.join(" "));
      failAsTold(spec);
    },
    { onDryRun: spec.onDryRun === 1, ignoreErrors: spec.ignoreErrors === 1 },
  );
}

function errorHook(name: string, spec: CallbackSpec, { log }: Surroundings): pulumi.ErrorHook {
  return new pulumi.ErrorHook(name, async (args) => {
    const { failedOperation, errors } = args;
    const words = [`errorHook ${name} ${args.name} ${failedOperation} ${errors.length}`];
    for (const side of ["newInputs", "oldInputs", "oldOutputs"] as const)
      if (args[side] !== undefined) words.push(`${side}=${await shown(args[side])}`);
    log(words.join(" "));
    failAsTold(spec);
    return errors.length <= (spec.retries ?? 0);
  });
}

function resourceTransform(
  name: string,
  spec: CallbackSpec,
  { log, value, options }: Surroundings,
): pulumi.ResourceTransform {
  return async (args) => {
    if (args.type === "pulumi:pulumi:Stack") return undefined;
    if (spec.only !== undefined && spec.only !== args.name) return undefined;
    log(`${spec.kind} ${name} ${args.name} ${await shown(args.props)}`);
    failAsTold(spec);
    if ([spec.props, spec.opts, spec.drop].every((change) => change === undefined))
      return undefined;
    const opts = pulumi.mergeOptions(args.opts, options(spec.opts ?? {}));
    const dropped = new Set(spec.drop);
    return {
      props: without({ ...args.props, ...(value(spec.props ?? {}) as pulumi.Inputs) }),
      opts: Object.fromEntries(Object.entries(opts).filter(([key]) => !dropped.has(key))),
    };
  };
}

function invokeTransform(
  name: string,
  spec: CallbackSpec,
  { log, value }: Surroundings,
): pulumi.InvokeTransform {
  return async ({ token, args, opts }) => {
    log(`invokeTransform ${name} ${token} ${await shown(args)}`);
    failAsTold(spec);
    if (spec.props === undefined) return undefined;
    return { args: without({ ...args, ...(value(spec.props) as pulumi.Inputs) }), opts };
  };
}

/** What is set to null is taken away. */
const without = (props: pulumi.Inputs): pulumi.Inputs =>
  Object.fromEntries(Object.entries(props).filter(([, item]) => item !== null));

/** Values as the function sees them: `?` for what is unknown, secrets by their mark. */
async function shown(value: unknown): Promise<string> {
  return JSON.stringify(await plain(value));
}

async function plain(value: unknown): Promise<unknown> {
  if (pulumi.isUnknown(value)) return "?";
  if (pulumi.Output.isInstance(value)) {
    const { isKnown, isSecret } = value as unknown as Record<string, Promise<boolean>>;
    const inner = (await isKnown) ? await plain(await known(value)) : "?";
    return (await isSecret) ? { secret: inner } : inner;
  }
  if (pulumi.asset.Asset.isInstance(value)) return "an asset";
  if (pulumi.asset.Archive.isInstance(value)) return "an archive";
  if (Array.isArray(value)) return Promise.all((value as unknown[]).map(plain));
  if (typeof value !== "object" || value === null) return value;
  const keys = Object.keys(value).sort();
  const items = keys.map(async (key) => [key, await plain((value as pulumi.Inputs)[key])] as const);
  return Object.fromEntries(await Promise.all(items));
}

const known = (output: pulumi.Output<unknown>): Promise<unknown> =>
  new Promise((resolve) => void output.apply((value) => resolve(value)));
