import { progress } from "../progress.js";

/** Hosts that a row names; more would hide the rows beside it. */
const HOSTS_NAMED = 3;

/**
 * The line of a preview for what an up puts right on hosts: `restore: h1: the link cnv42 is missing; h2: ...`. Undefined
 * when nothing is wrong. Pure.
 */
export function restoreRow(problems: Readonly<Record<string, string[]>> = {}): string | undefined {
  const hosts = Object.entries(problems);
  if (hosts.length === 0) return undefined;
  const named = hosts
    .slice(0, HOSTS_NAMED)
    // A failure's sentence begins with its host already.
    .map(([host, wrong]) => `${host}: ${wrong.join(", ").replaceAll(`host ${host}: `, "")}`);
  const more = hosts.length - named.length;
  const rest = more > 0 ? [`${more} more host${more === 1 ? "" : "s"}`] : [];
  return `restore: ${[...named, ...rest].join("; ")}`;
}

/** Shows it in the row of the resource that is being compared. */
export function showRestore(problems: Readonly<Record<string, string[]>> | undefined): void {
  const row = restoreRow(problems);
  if (row !== undefined) progress(row);
}
