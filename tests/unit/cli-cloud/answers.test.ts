import { beforeAll, describe, expect, it } from "vitest";
import { printedAnswers, type AnswerShape, type Member } from "../../support/answer-shapes.js";
import {
  chapterOf,
  documentedAnswers,
  documentedCommands,
  shapeOf,
} from "../../support/cli-docs.js";

/** Where an answer is printed, and the lines of docs/cli.md that show it. */
const ANSWERS: Record<string, string[]> = {
  "cloud/hosts.ts hosts(rows)": ["hosts --json"],
  "cloud/ps.ts ps(rows)": ["ps --json"],
  "cloud/logs.ts writer({ container: name, stream, line })": ["logs redis --json"],
  "cloud/exec.ts exec({ container: name, host: state.place.host, ...result })": [
    "exec --json web-0 -- hostname",
  ],
  "cloud/plan.ts showAll(rows)": ["plan --json"],
  "cloud/plan.ts plan(explanation)": ["plan web-1 --json"],
  "cloud/plan.ts plan({ container, host: question.host, sentence })": [
    "plan web-1 --why-not h2 --json",
  ],
  "cloud/plan.ts showWhatIf(found.map((each) => withoutPlan(each.found)))": [
    'plan --what-if "drain h1" --json',
  ],
  "cloud/plan.ts showSurvival(all)": ["plan --n-1 --json"],
  "cloud/net.ts ls(rows)": ["net ls --json"],
  "cloud/net-inspect.ts inspect(found)": ["net inspect guestbook --json"],
  "cloud/net-trace.ts trace(paths)": [
    "net trace web-0 redis --json",
    "net trace web-0 redis --probe --json",
  ],
  "cloud/net.ts matrix(all)": ["net matrix --json"],
  "cloud/net.ts probe(rows)": ["net probe --json"],
  "cloud/graph.ts graph(topology)": ["graph --json"],
  "cloud/doctor.ts doctor({ stack: cloud.stack, pending, hosts: reports })": ["doctor --json"],
  "lab/index.ts up(inventory)": ["lab up --json"],
  "lab/index.ts registerLab({ name: options.name, removed })": ["lab down --json"],
  "lab/index.ts status(labs.map((lab, index) => ({ ...lab, inventory: inventories[index] ?? null })))":
    ["lab status --json"],
  "lab/index.ts exec({ name: options.name, host, code, stdout, stderr })": [
    "lab exec --json h1 hostname",
  ],
  "lab/index.ts registerLab({ name: options.name, host, running: false })": ["lab kill h1 --json"],
  "lab/index.ts registerLab({ name: options.name, host, running: true })": [
    "lab restart h1 --json",
  ],
};
/** Of any command of `lab` that fails; the document says it before them. */
const OF_ALL = "lab/index.ts report({ error: error.message })";

/** What the document says of the command that a line calls, and of all commands like it. */
function textOf(line: string): string {
  const nameOf = (title: string) => title.replace(/^clocker /, "").replace(/ [[<].*$/, "");
  const { title, text } = documentedCommands().find((each) =>
    `${line} `.startsWith(`${nameOf(each.title)} `),
  )!;
  return `${chapterOf(title)}${text}`;
}

const says = (text: string, word: string) =>
  [`\`${word}\``, `\`"${word}"\``].some((quoted) => text.includes(quoted));

/** `$[].policy.rules[]: string` -> `rules` */
const lastOf = (path: string): string =>
  path
    .replace(/\[\]|: .*$/g, "")
    .split(".")
    .at(-1)!;

/** Some list on the way to it is there, and nothing of what it holds. */
function isInEmptyList(documented: ReadonlySet<string>, path: string): boolean {
  const ends = [...path.matchAll(/\[\]/g)].map(({ index }) => index);
  return ends.some((end) => {
    const list = path.slice(0, end);
    const holds = [...documented].some((each) => each.startsWith(`${list}[]`));
    return documented.has(`${list}: list`) && !holds;
  });
}

/** Every string in an answer, wherever it is. */
function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

describe("what --json prints is what docs/cli.md says", () => {
  let printed: Map<string, AnswerShape>;
  const shown = new Map(documentedAnswers());

  beforeAll(() => {
    printed = printedAnswers(["cloud", "lab"]);
  }, 120_000);

  it("knows every answer", () => {
    expect([...printed.keys()].sort()).toEqual([...Object.keys(ANSWERS), OF_ALL].sort());
    expect([...printed.get(OF_ALL)!.keys()]).toEqual(["$.error: string"]);
    const used = Object.values(ANSWERS).flat();
    const ours = [...shown.keys()].filter((line) => !/^(stack|config|about|whoami)/.test(line));
    expect(ours.sort()).toEqual(used.sort());
  });

  it.each(Object.entries(ANSWERS))("%s", (key, lines) => {
    const shape = printed.get(key)!;
    const examples = lines.map((line) => shown.get(line));
    const text = textOf(lines[0]!);
    const documented = new Set(examples.flatMap(shapeOf));

    // What the document shows, the command prints.
    expect([...documented].filter((path) => !shape.has(path))).toEqual([]);
    // What the command always prints, it shows; what may be absent, or is in a list that is empty there, it shows or names.
    const isSaid = (path: string, { optional }: Member) =>
      documented.has(path) ||
      documented.has(path.replace(/\[\]: (string|number)$/, ": list")) ||
      ((optional || isInEmptyList(documented, path)) && says(text, lastOf(path)));
    expect([...shape].filter((each) => !isSaid(...each)).map(([path]) => path)).toEqual([]);
    // Every value of a closed set is shown or named.
    const values = new Set(examples.flatMap(stringsIn));
    const words = [...shape.values()].flatMap((member) => member.words);
    expect(words.filter((word) => !values.has(word) && !says(text, word))).toEqual([]);
  });
});
