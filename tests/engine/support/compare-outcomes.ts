import type { Outcome, SpecEntry } from "./case-format.js";
import type { SpecEntry as PlainEntry } from "./conformance.js";
import {
  callProblems,
  dependencies,
  errorClasses,
  opsProblems,
  stateProblems,
} from "./partial-order.js";

type Depends = Map<string, Set<string>>;

/** The dependencies a spec states, in the terms of the rules of order. */
export function dependenciesOf(spec: readonly SpecEntry[]): Depends {
  return dependencies(
    spec.flatMap(({ name, args, opts }): PlainEntry[] =>
      name === undefined
        ? []
        : [
            {
              name,
              ...(args === undefined ? {} : { args }),
              ...(opts === undefined ? {} : { opts }),
            },
          ],
    ),
  );
}

const sorted = (list: readonly string[]): string[] => [...list].sort();

/** What must be equal as it is, with order taken out where it is free. */
export function exactly(outcome: Outcome): Omit<Outcome, "errors"> & { errors: string[] } {
  return {
    rc: outcome.rc,
    ops: sorted(outcome.ops),
    reasons: sorted(outcome.reasons),
    calls: sorted(outcome.calls),
    summary: outcome.summary,
    state: sorted(outcome.state),
    pending: outcome.pending,
    // The program's own report and the closing line differ in form; the rest must be of the same kind.
    errors: errorClasses(outcome.errors).filter((kind) => kind !== "program" && kind !== "closing"),
  };
}

/** What is wrong with the order of things, but for what the recording itself has (where a name hides a dependency). */
export function orderProblems(
  actual: Outcome,
  expected: Outcome,
  before: Depends,
  now: Depends,
): string[] {
  const known = new Set(problemsOf(expected, expected, before, now));
  return [
    ...problemsOf(actual, expected, before, now).filter((problem) => !known.has(problem)),
    ...callbackProblems(actual.calls, expected.calls),
  ];
}

const CALLBACK = /^(?:hook|errorHook|transform|stackTransform) \S+ (\S+)/;

/** What a function of the program belongs to: its calls stand among the provider's calls for the same resource as recorded. */
function callbackProblems(actual: readonly string[], expected: readonly string[]): string[] {
  const names = new Set(expected.flatMap((line) => CALLBACK.exec(line)?.[1] ?? []));
  return [...names].flatMap((name) => {
    const own = (calls: readonly string[]): string =>
      calls
        .filter((line) => {
          if (CALLBACK.test(line)) return CALLBACK.exec(line)?.[1] === name;
          const [, subject = ""] = /^(?:created?|update|delete) (\S+)/.exec(line) ?? [];
          return subject === name || subject.replace(/-\d+$/, "") === name;
        })
        .join("; ");
    return own(actual) === own(expected)
      ? []
      : [`${name}: ${own(actual)} instead of ${own(expected)}`];
  });
}

function problemsOf(actual: Outcome, expected: Outcome, before: Depends, now: Depends): string[] {
  const names = actual.state.map((line) => line.split(" ")[0] ?? "");
  const calls = actual.calls.filter((line) => /^(create|update|delete|read) \S+$/.test(line));
  return [
    ...opsProblems(actual.ops, expected.ops, before, now),
    ...callProblems(calls, before, now),
    ...stateProblems(names, now.size > 0 ? now : before),
  ];
}
