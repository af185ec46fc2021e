import { createRequire, isBuiltin } from "node:module";
import { join } from "node:path";
import { messageOf } from "../../errors.js";
import type { CheckFailure } from "../../lifecycle.js";
import type { UserFunctions } from "../../placement/model.js";
import { hasUnknown } from "../../unknown.js";
import type { FunctionTexts } from "./inputs.js";

/** What users call each kind. */
const KINDS: Readonly<Record<keyof UserFunctions, string>> = {
  predicates: "predicate",
  comparators: "comparator",
  scores: "score",
  containers: "container predicate",
};

export interface Compiled {
  functions?: UserFunctions;
  failures: CheckFailure[];
}

/**
 * Makes functions again from the texts that Pulumi's closure serialisation gave: each is a module that exports it as
 * `handler`. A clock, chance and the network are not there for them, since a plan made twice must be the same plan.
 */
export function compileFunctions(texts: FunctionTexts | undefined): Compiled {
  const failures: CheckFailure[] = [];
  if (texts === undefined || hasUnknown(texts)) return { failures };
  const functions: Record<string, Record<string, unknown>> = {};
  for (const kind of Object.keys(KINDS) as (keyof UserFunctions)[]) {
    for (const [name, text] of Object.entries(texts[kind] ?? {})) {
      const made = compile(text);
      if (typeof made === "function") (functions[kind] ??= {})[name] = made;
      else
        failures.push({
          property: "",
          reason: `the ${KINDS[kind]} ${JSON.stringify(name)} cannot be loaded: ${made}`,
        });
    }
  }
  return { functions: functions, failures };
}

type AnyFunction = (...args: never[]) => unknown;

/** The function, or why there is none. Made anew for each plan: what one has counted or noted is not there in the next. */
function compile(text: string): AnyFunction | string {
  try {
    const module = { exports: {} as { handler?: unknown } };
    // The text is the user's own program, which runs with the user's rights in any case.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
    new Function(
      "exports",
      "module",
      "require",
      "global",
      "globalThis",
      ...Object.keys(REFUSED),
      text,
    )(module.exports, module, requirePure, GLOBAL, GLOBAL, ...Object.values(REFUSED));
    const made = module.exports.handler;
    return typeof made === "function" ? (made as AnyFunction) : "it is not a function";
  } catch (error) {
    return messageOf(error).split("\n")[0] ?? "no reason given";
  }
}

/** Modules of Node whose answers depend on their arguments alone; and those of the program's own packages. */
const PURE = new Set(["assert", "buffer", "path", "querystring", "string_decoder", "url", "util"]);

function requirePure(id: string): unknown {
  const name = id.replace(/^node:/, "");
  if (isBuiltin(id) && !PURE.has(name)) return refusedObject(name);
  return createRequire(join(process.cwd(), "package.json"))(id) as unknown;
}

function refusing(what: string): () => never {
  return () => {
    throw new Error(`${what} gives another answer each time; use the arguments only`);
  };
}

const refusedObject = (name: string): unknown =>
  new Proxy({}, { get: (_target, key) => refusing(`${name}.${String(key)}`)() });

/** Stand in for the globals of the same name. */
const REFUSED: Readonly<Record<string, unknown>> = {
  Math: Object.create(Math, { random: { value: refusing("Math.random") } }) as unknown,
  Date: new Proxy(Date, {
    get: (target, key) =>
      key === "now" ? refusing("Date.now") : (Reflect.get(target, key) as unknown),
    construct: (target, args) =>
      args.length === 0 ? refusing("new Date()")() : (Reflect.construct(target, args) as object),
    apply: refusing("Date()"),
  }),
  performance: refusedObject("performance"),
  crypto: refusedObject("crypto"),
  fetch: refusing("fetch"),
};

/** Serialised functions reach some globals through `global`. */
const GLOBAL = new Proxy(globalThis, {
  get: (target, key) =>
    typeof key === "string" && key in REFUSED
      ? REFUSED[key]
      : (Reflect.get(target, key) as unknown),
});
