import * as pulumi from "@pulumi/pulumi";
import type { Meta } from "../provider/lifecycle.js";
import { watchAnswer } from "./stuck.js";

/** Type tokens begin with this; the engine's dynamic provider serves them. */
export const TYPE_PREFIX = "pulumi-nodejs:dynamic/clocker:";

/**
 * Base of our resources. Their provider is not serialised: `__provider` is a constant one-line text that loads the
 * compiled package, the same for ever, because delete and refresh run what the state holds. Do not change it.
 */
export abstract class ClockerResource extends pulumi.CustomResource {
  protected constructor(
    type: string,
    handler: string,
    name: string,
    props: pulumi.Inputs,
    opts: pulumi.CustomResourceOptions,
  ) {
    const token = `${TYPE_PREFIX}${type}`;
    // The SDK records a stack per property for its debugger: half of a large program's time, and of no use here.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      super(
        token,
        name,
        {
          ...props,
          meta: metaOf(token, name, opts),
          __provider: `exports.handler=()=>require("pulumi-clocker/provider").${handler}`,
        },
        opts,
      );
    } finally {
      Error.stackTraceLimit = limit;
    }
    watchAnswer(this, `${type} ${name}`);
  }
}

/** Who owns what the resource makes; the provider process never learns a URN by itself. */
function metaOf(
  token: string,
  name: string,
  opts: pulumi.CustomResourceOptions,
): pulumi.Input<Meta> | Record<string, unknown> {
  const timeouts: Record<string, number> = {};
  for (const verb of ["create", "update", "delete"] as const) {
    const text = opts.customTimeouts?.[verb];
    if (text) timeouts[verb] = secondsOfGoDuration(name, text);
  }
  return {
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    name,
    urn: plainUrn(name, token, opts.parent),
    ...(Object.keys(timeouts).length > 0 ? { timeouts } : {}),
  };
}

/** URNs without their last part, by parent and type: thousands of siblings share them. */
const prefixes = new WeakMap<pulumi.Resource, Map<string, Promise<string>>>();

/**
 * The URN as a plain promise. As an output it would carry a dependency on the parent, and depending on a component
 * means waiting for all its children: a child that waits for its siblings, and they for it.
 */
async function plainUrn(name: string, token: string, parent?: pulumi.Resource): Promise<string> {
  // What createUrn() says of a resource without a parent, without three outputs for it.
  if (!parent) return `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${token}::${name}`;
  let ofParent = prefixes.get(parent);
  if (!ofParent) prefixes.set(parent, (ofParent = new Map<string, Promise<string>>()));
  let prefix = ofParent.get(token);
  if (!prefix) ofParent.set(token, (prefix = promiseOf(pulumi.createUrn("", token, parent))));
  return `${await prefix}${name}`;
}

function promiseOf(urn: pulumi.Output<string>): Promise<string> {
  return (urn as unknown as { promise(): Promise<string> }).promise();
}

/** Pulumi's customTimeouts are Go durations: "5m", "1h30m", "90s". */
function secondsOfGoDuration(name: string, text: string): number {
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  let seconds = 0;
  const rest = text.replace(/(\d+(?:\.\d+)?)(ms|h|m|s)/g, (_all, value: string, unit: string) => {
    seconds += Number(value) * units[unit]!;
    return "";
  });
  if (rest !== "" || seconds <= 0) {
    throw new pulumi.RunError(`${name}: customTimeouts: "${text}" is not a duration such as "5m"`);
  }
  return seconds;
}
