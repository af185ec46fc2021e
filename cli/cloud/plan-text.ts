import type { Explanation, Survival, WhatIf } from "../../provider/placement/index.js";
import { listing } from "../../provider/placement/words.js";
import { table } from "../commands/table.js";

const MARKS = { here: "*", possible: "+", refused: "-" } as const;

/** Why a container is where it is, and what speaks for and against each host. */
export function explanationText({ sentence, hosts }: Explanation): string {
  if (hosts.length === 0) return sentence;
  const rows = hosts.map(({ host, verdict, reasons }) => [
    MARKS[verdict],
    host,
    verdict,
    reasons.join("; "),
  ]);
  return `${sentence}\n\n${table(["", "HOST", "", "WHY"], rows)}`;
}

/** The plan that would follow: the sentence, and one row for each container that it changes. */
export function whatIfText(found: WhatIf, before: Readonly<Record<string, string>>): string {
  const { assignments } = found.result;
  const why = (name: string) => assignments[name]?.reason ?? "";
  const rows = [
    ...found.moves.map(({ name, from, to }) => [name, from, to, why(name)]),
    ...found.added.map(({ name, host }) => [name, "", host, why(name)]),
    ...found.removed.map((name) => [name, before[name] ?? "", "", "is not asked for any more"]),
    ...found.stuck.map(({ name, host, sentence }) => [name, host, host, sentence]),
    ...refusalRows(found.refusals, before),
  ];
  const changes = rows.length === 0 ? "" : `\n\n${table(["CONTAINER", "FROM", "TO", "WHY"], rows)}`;
  return `${found.sentence}${changes}`;
}

/**
 * What is said of several containers in the same words makes one row: a service that is scaled has many replicas. What is
 * said of networks and addresses is no lack of a host, and stays as it is.
 */
function refusalRows(
  refusals: WhatIf["refusals"],
  before: Readonly<Record<string, string>>,
): string[][] {
  const rows: { names: string[]; from: string; sentence: string }[] = [];
  const alike = new Map<string, (typeof rows)[number]>();
  for (const { name, sentence } of refusals) {
    const row = { names: [name], from: before[name] ?? "", sentence };
    const opening = `no host for ${name}: `;
    const why = sentence.slice(opening.length);
    const folds = sentence.startsWith(opening);
    const first = folds ? alike.get(`${row.from} ${why}`) : undefined;
    if (first) {
      first.names.push(name);
      first.sentence = `no host for ${first.names.length} containers: ${why}`;
      continue;
    }
    rows.push(row);
    if (folds) alike.set(`${row.from} ${why}`, row);
  }
  return rows.map(({ names, from, sentence }) => [listing(names), from, "none", sentence]);
}

/** Whether the cloud survives the loss of each of its hosts. */
export function survivalText({ sentence, hosts }: Survival): string {
  if (hosts.length === 0) return sentence;
  const rows = hosts.map(({ host, survives, moves, losses }) => [
    host,
    survives ? "yes" : "no",
    String(moves.length),
    losses.map((loss) => loss.sentence).join("; "),
  ]);
  return `${sentence}\n\n${table(["WITHOUT", "SURVIVES", "MOVES", "WHAT IS LOST"], rows)}`;
}
