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

/** What is said of several containers in the same words makes one row: a service that is scaled has many replicas. */
function refusalRows(
  refusals: WhatIf["refusals"],
  before: Readonly<Record<string, string>>,
): string[][] {
  const groups = new Map<string, { why: string; from: string; names: string[] }>();
  for (const { name, sentence } of refusals) {
    const why = sentence.replace(`no host for ${name}: `, "");
    const from = before[name] ?? "";
    const group = groups.get(`${from} ${why}`);
    if (group) group.names.push(name);
    else groups.set(`${from} ${why}`, { why, from, names: [name] });
  }
  return [...groups.values()].map(({ why, from, names }) => {
    const [only] = names;
    const whom = names.length === 1 && only !== undefined ? only : `${names.length} containers`;
    return [listing(names), from, "none", `no host for ${whom}: ${why}`];
  });
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
