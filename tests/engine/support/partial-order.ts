import type { Outcome, SpecEntry } from "./conformance.js";

const FORWARD = new Set([
  "create",
  "create-replacement",
  "replace",
  "update",
  "same",
  "import",
  "read",
]);
const DELETES = new Set(["delete", "delete-replaced"]);

/** Who depends on whom, directly or through others, as a spec says it. */
export function dependencies(spec: readonly SpecEntry[]): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>();
  for (const { name, args = {}, opts = {} } of spec) {
    const direct = new Set<string>();
    for (const value of Object.values(args)) {
      const reference = typeof value === "string" ? /^\$([^.]+)\./.exec(value)?.[1] : undefined;
      if (reference !== undefined) direct.add(reference);
    }
    for (const key of ["dependsOn", "replaceWith"])
      for (const other of (opts[key] as string[] | undefined) ?? []) direct.add(other);
    for (const key of ["parent", "deletedWith"])
      if (typeof opts[key] === "string") direct.add(opts[key]);
    const closure = new Set(direct);
    for (const other of direct) for (const further of all.get(other) ?? []) closure.add(further);
    all.set(name, closure);
  }
  return all;
}

interface Line {
  op: string;
  name: string;
  at: number;
}

function parse(lines: readonly string[]): Line[] {
  return lines.map((line, at) => {
    const space = line.indexOf(" ");
    return { op: line.slice(0, space), name: line.slice(space + 1), at };
  });
}

/** A resource and an old copy of it, both to be deleted, are deleted at once. */
function deletionsSorted(ops: readonly string[]): string[] {
  return ops.reduce<string[]>((sorted, op) => {
    if (op !== "delete") return [...sorted, op];
    const copies = sorted.findLastIndex((each) => each !== "delete-replaced") + 1;
    return sorted.toSpliced(copies, 0, op);
  }, []);
}

/** What is wrong with the order of the ops of one step; empty when nothing is. */
export function opsProblems(
  actual: readonly string[],
  expected: readonly string[],
  before: Map<string, Set<string>>,
  now: Map<string, Set<string>>,
): string[] {
  const problems: string[] = [];
  const lines = parse(actual);
  const forward = lines.filter(({ op }) => FORWARD.has(op));
  const deletes = lines.filter(({ op }) => DELETES.has(op));
  for (const name of new Set(lines.map((line) => line.name))) {
    const own = (list: readonly string[]): string =>
      deletionsSorted(
        parse(list)
          .filter((line) => line.name === name)
          .map(({ op }) => op),
      ).join(", ");
    if (own(actual) !== own(expected))
      problems.push(`${name}: ${own(actual)} instead of ${own(expected)}`);
  }
  for (const x of forward)
    for (const y of forward)
      if (now.get(y.name)?.has(x.name) === true && x.at > y.at)
        problems.push(`${x.op} ${x.name} after ${y.op} ${y.name}`);
  for (const x of deletes)
    for (const y of deletes)
      if ((now.get(y.name) ?? before.get(y.name))?.has(x.name) === true && y.at > x.at)
        problems.push(`${y.op} ${y.name} after ${x.op} ${x.name}`);
  for (const gone of deletes) {
    const created = lines.find(({ op, name }) => op === "create-replacement" && name === gone.name);
    if (gone.op === "delete-replaced" && created !== undefined && gone.at < created.at) {
      if (forward.some(({ name, at }) => name === gone.name && at < gone.at))
        problems.push(`${gone.name} is not deleted first`);
    } else if (forward.some(({ at }) => at > gone.at)) {
      problems.push(`${gone.op} ${gone.name} before the last forward op`);
    }
  }
  return problems;
}

/** The same for the provider's call log. */
export function callProblems(
  actual: readonly string[],
  before: Map<string, Set<string>>,
  now: Map<string, Set<string>>,
): string[] {
  const problems: string[] = [];
  const lines = parse(actual);
  const forward = lines.filter(({ op }) => op === "create" || op === "update");
  const deletes = lines
    .filter(({ op }) => op === "delete")
    .map((line) => ({ ...line, name: line.name.replace(/-[^-]*$/, "") }));
  for (const x of forward)
    for (const y of forward)
      if (now.get(y.name)?.has(x.name) === true && x.at > y.at)
        problems.push(`${x.name} after ${y.name}`);
  for (const x of deletes)
    for (const y of deletes)
      if ((now.get(y.name) ?? before.get(y.name))?.has(x.name) === true && y.at > x.at)
        problems.push(`delete ${y.name} after delete ${x.name}`);
  return problems;
}

export function stateProblems(
  state: readonly string[],
  depends: Map<string, Set<string>>,
): string[] {
  return state.flatMap((y, at) =>
    state
      .slice(at + 1)
      .flatMap((x) => (depends.get(y)?.has(x) === true ? [`${y} stands before ${x}`] : [])),
  );
}

/** Whether the same classes of errors were reported: the provider's own, a refusal that names the URN, the closing line. */
export function errorClasses(errors: Outcome["errors"]): string[] {
  const classes = errors.flatMap((text) => {
    if (text === "" || text.startsWith("Error: resource")) return ["program"];
    if (/^(update|preview|destroy|refresh) failed/.test(text)) return ["closing"];
    return [text.includes("urn:pulumi:") ? "refusal" : "provider"];
  });
  return [...new Set(classes)].sort();
}
