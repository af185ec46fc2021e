import fc from "fast-check";
import type { PropertyMap } from "../../../engine/state/model.js";
import type { SpecEntry, Step } from "./case-format.js";

/** Stands in every secret of a random program. */
export const CANARY = "canary-77aa";

/** One run of a program: what it registers, what goes wrong, and how it is interrupted. */
export interface Run {
  spec: SpecEntry[];
  rules: Record<string, PropertyMap>;
  continueOnError: boolean;
  refresh: boolean;
  parallel: number;
  /** Whether the provider is asked about what waits for its turn. */
  isAskedAhead: boolean;
  target: string[];
  interruption: Interruption;
}

/** `cancel`, `stop`: at a call of the provider, counted from the first; `kill`: at a part of the writes. */
export type Interruption =
  { kind: "none" } | { kind: "cancel" | "stop"; call: number } | { kind: "kill"; part: number };

const NAMES = ["a", "b", "c", "d", "e"] as const;

/** Whether one of the others is taken, and which. */
const pick = (names: readonly string[]): fc.Arbitrary<string | undefined> =>
  names.length === 0
    ? fc.constant(undefined)
    : fc.option(fc.constantFrom(...names), { nil: undefined, freq: 2 });

const rarely = <T>(value: T): fc.Arbitrary<T | undefined> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant(value) },
  );

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A resource that may use those before it in every way there is. */
function resource(name: string, before: readonly SpecEntry[]): fc.Arbitrary<SpecEntry> {
  const parents = before.flatMap((entry) => (entry.component === 1 ? [entry.name ?? ""] : []));
  const others = before.flatMap((entry) => (entry.component === 1 ? [] : [entry.name ?? ""]));
  return fc
    .record({
      component: fc.nat(5).map((n) => n === 0),
      x: fc.nat(2),
      rk: fc.nat(2),
      dbr: rarely(true),
      from: pick(others),
      rfrom: pick(others),
      isSecret: fc.boolean(),
      parent: pick(parents),
      dependsOn: pick(others),
      deletedWith: pick(others),
      replaceWith: pick(others),
      deleteBeforeReplace: rarely(true),
      retainOnDelete: rarely(true),
      ignoreChanges: rarely(["x"]),
      trigger: rarely(1),
    })
    .map((made) => {
      const common = {
        parent: made.parent,
        dependsOn: made.dependsOn === undefined ? undefined : [made.dependsOn],
      };
      if (made.component) return { name, component: 1, opts: given(common) };
      const args = given({
        x: made.x,
        rk: made.rk,
        dbr: made.dbr,
        from: made.from === undefined ? undefined : `$${made.from}.out`,
        rfrom: made.rfrom === undefined ? undefined : `$${made.rfrom}.out`,
        token: made.isSecret ? { $secret: CANARY } : undefined,
      });
      const opts = given({
        ...common,
        deletedWith: made.deletedWith,
        replaceWith: made.replaceWith === undefined ? undefined : [made.replaceWith],
        deleteBeforeReplace: made.deleteBeforeReplace,
        retainOnDelete: made.retainOnDelete,
        ignoreChanges: made.ignoreChanges,
        replacementTrigger: made.trigger,
      });
      return { name, args, opts };
    });
}

const spec: fc.Arbitrary<SpecEntry[]> = fc
  .subarray([...NAMES], { minLength: 1 })
  .chain((names) =>
    names.reduce<fc.Arbitrary<SpecEntry[]>>(
      (list, name) =>
        list.chain((before) => resource(name, before).map((entry) => [...before, entry])),
      fc.constant([]),
    ),
  );

const rules = fc
  .array(
    fc.tuple(
      fc.constantFrom("create", "update", "delete", "diff", "check"),
      fc.constantFrom(...NAMES, "*"),
      fc.constantFrom<PropertyMap>(
        { fail: "boom" },
        { fail: "unavailable", code: 14 },
        { init: ["unwell"] },
        { pause: 5 },
      ),
    ),
    { maxLength: 2 },
  )
  .map((list) =>
    Object.fromEntries(list.map(([method, name, rule]) => [`${method} ${name}`, rule])),
  );

const interruption: fc.Arbitrary<Interruption> = fc.oneof(
  fc.constant<Interruption>({ kind: "none" }),
  fc.record({ kind: fc.constantFrom("cancel" as const, "stop" as const), call: fc.nat(25) }),
  fc.record({
    kind: fc.constant("kill" as const),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
);

export const runs: fc.Arbitrary<Run[]> = fc.array(
  fc.record({
    spec,
    rules,
    continueOnError: fc.boolean(),
    refresh: fc.nat(4).map((n) => n === 0),
    parallel: fc.integer({ min: 1, max: 8 }),
    isAskedAhead: fc.boolean(),
    target: fc.oneof(
      { weight: 5, arbitrary: fc.constant<string[]>([]) },
      { weight: 1, arbitrary: fc.constantFrom(...NAMES).map((name) => [`**::${name}`]) },
    ),
    interruption,
  }),
  { minLength: 1, maxLength: 3 },
);

/** As a flag of the CLI, or none. Not --exclude, with which the CLI writes states that it cannot read. */
const flags: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<string[]>([]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom("--target", "--replace"), fc.constantFrom(...NAMES))
      .map(([flag, name]) => [flag, `**::${name}`]),
  },
  { weight: 1, arbitrary: fc.constant<string[]>(["--refresh"]) },
);

/** One failing call at most, of a resource that nothing runs beside: what else a failure lets finish is a matter of time. */
const failure: fc.Arbitrary<Record<string, PropertyMap>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom("create", "update", "delete", "check", "diff"),
        fc.constantFrom<PropertyMap>({ fail: "boom" }, { init: ["unwell"] }),
      )
      .map(([method, rule]) => ({ [`${method} *`]: rule })),
  },
);

/**
 * What is registered one after the other, each waiting for the one before: only then is a run with a failure the same twice.
 * Who depends on a component waits for all its children, so these stand together right behind it; others lose their parent.
 */
function inTurn(entries: readonly SpecEntry[]): SpecEntry[] {
  /** The components that the entry before is in, or is. */
  let around: string[] = [];
  let before: string | undefined;
  return entries.map((entry) => {
    const { parent, ...others } = entry.opts ?? {};
    const depth = around.indexOf(String(parent));
    const opts = depth < 0 ? others : { ...others, parent };
    around = around.slice(0, depth + 1);
    const dependsOn = new Set((opts["dependsOn"] ?? []) as string[]);
    // A child waits for its parent as it is.
    if (before !== undefined && before !== opts["parent"]) dependsOn.add(before);
    before = entry.name ?? "";
    if (entry.component === 1) around.push(before);
    return { ...entry, opts: dependsOn.size === 0 ? opts : { ...opts, dependsOn: [...dependsOn] } };
  });
}

/** Ups and previews without failures, of programs that register all at once what does not wait for another by itself. */
export const parallelSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ spec, isPreview: fc.boolean() }).map(({ spec: entries, isPreview }): Step => ({
    command: isPreview ? "preview" : "up",
    spec: entries,
  })),
  { minLength: 2, maxLength: 4 },
);

/** What depends on who comes first, when all that can be is registered at once. */
const ORDERED = new Set(["dbr", "deleteBeforeReplace", "deletedWith", "replaceWith"]);

/** Registered at once, as far as nothing waits for another's outputs, and the same twice all the same. */
function atOnce(entries: readonly SpecEntry[]): SpecEntry[] {
  const free = (fields: PropertyMap = {}): PropertyMap =>
    Object.fromEntries(Object.entries(fields).filter(([key]) => !ORDERED.has(key)));
  return entries.map((entry) => ({ ...entry, args: free(entry.args), opts: free(entry.opts) }));
}

/** What somebody else has changed or removed meanwhile: by id, which the controllable provider makes of name and `rk`. */
const drift: fc.Arbitrary<NonNullable<Step["cloud"]>> = fc
  .array(
    fc.tuple(
      fc.constantFrom(...NAMES),
      fc.nat(2),
      fc.option(fc.record({ x: fc.integer({ min: 3, max: 4 }) }), { freq: 2 }),
    ),
    { maxLength: 2 },
  )
  .map((list) => Object.fromEntries(list.map(([name, rk, found]) => [`${name}-${rk}`, found])));

/** Steps of a case, for any engine. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc
    .record({ spec, flags, failure, drift, shape: fc.nat(2), kind: fc.nat(9) })
    .map(({ spec: entries, flags: own, failure: rules, drift: cloud, shape, kind }): Step => {
      if (kind < 2) return { command: "refresh", cloud };
      if (kind === 2) return { command: "preview", spec: inTurn(entries), flags: own };
      if (kind === 3) return { command: "destroy" };
      if (shape === 0) return { command: "up", spec: inTurn(entries), rules };
      const program = shape === 1 ? inTurn(entries) : atOnce(entries);
      return { command: "up", spec: program, flags: own, cloud };
    }),
  { minLength: 2, maxLength: 4 },
);
