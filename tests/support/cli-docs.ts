import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./project.js";

/** A part of docs/cli.md: what its heading names, and the text up to the next heading of this level. */
interface Part {
  /** The heading without its backquotes, e.g. `clocker plan [container]`. */
  title: string;
  text: string;
}

const read = () => readFileSync(join(ROOT, "docs/cli.md"), "utf8");

function parts(level: string): Part[] {
  const document = read();
  const heading = new RegExp(`^${level} \`(.+)\`$`, "m");
  const [, ...found] = document.split(heading);
  return found.flatMap((title, at) =>
    at % 2 === 0 ? [{ title, text: found[at + 1]!.split(/^#{1,3} /m)[0]! }] : [],
  );
}

/** The commands that the document describes. */
export const documentedCommands = (): Part[] => parts("###");

/** What the chapter that describes a command says before its first command. */
export function chapterOf(title: string): string {
  const chapter = read()
    .split(/^## /m)
    .find((text) => text.includes(`\n### \`${title}\`\n`))!;
  return chapter.split("\n### ")[0]!;
}

/** The command lines whose answer it shows, without `clocker`, and what they answer there. */
export const documentedAnswers = (): [command: string, answer: unknown][] =>
  parts("####").map(({ title, text }) => {
    const json = /```json\n([^]*?)```/.exec(text)?.[1];
    if (json === undefined) throw new Error(`docs/cli.md shows no answer of ${title}`);
    return [title.replace(/^clocker /, ""), JSON.parse(json)];
  });

/** The words of such a line: `plan --what-if "drain h1"` has three. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);

/** Members whose keys are data, where they are objects. */
const MAPS = new Set([
  ...["labels", "addresses", "problems", "config", "environment", "resourceChanges"],
]);

/** Every path of keys with the type at its end, sorted: what a reader of the answer can rely on. */
export function shapeOf(value: unknown): string[] {
  return [...new Set(pathsOf(value, "$"))].sort();
}

function pathsOf(value: unknown, path: string): string[] {
  if (Array.isArray(value))
    return [`${path}: list`, ...value.flatMap((item) => pathsOf(item, `${path}[]`))];
  if (typeof value !== "object" || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([key, member]) =>
    MAPS.has(key) && typeof member === "object" && !Array.isArray(member)
      ? [`${path}.${key}: map`]
      : pathsOf(member, `${path}.${key}`),
  );
}
