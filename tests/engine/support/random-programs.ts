import fc from "fast-check";
import type { PropertyMap } from "../../../engine/state/model.js";
import type { SpecEntry } from "./case-format.js";

/** Stands in every secret of a random program. */
export const CANARY = "canary-77aa";

/** One run of a program: what it registers, what goes wrong, and how it is interrupted. */
export interface Run {
  spec: SpecEntry[];
  rules: Record<string, PropertyMap>;
  continueOnError: boolean;
  refresh: boolean;
  parallel: number;
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
  fc.option(fc.constant(value), { nil: undefined, freq: 5 }).map((some) => some);

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
    target: fc.oneof(
      { weight: 5, arbitrary: fc.constant<string[]>([]) },
      { weight: 1, arbitrary: fc.constantFrom(...NAMES).map((name) => [`**::${name}`]) },
    ),
    interruption,
  }),
  { minLength: 1, maxLength: 3 },
);
