import type { Message, Policy, Progress, Row } from "./progress.js";
import { BLANK, inline, line, span, toLines, type Line, type Style } from "./text.js";
import { parseUrn, shortType } from "./urn.js";

const STYLES: Partial<Record<Message["severity"], Style>> = { error: "red", warning: "yellow" };

/** A resource in one phrase: "clocker:PlacedContainer (web-0)". */
export function describe(urn: string): string {
  const { type, name } = parseUrn(urn);
  return `${inline(shortType(type))} (${inline(name)})`;
}

/**
 * Must stand under Diagnostics. One short info of a resource is in its row already; what the program printed is
 * shown in full, unless that was done when it came.
 */
export function isWorthSaying(
  row: Row,
  message: Message,
  progress: Progress,
  infoWasPrinted: boolean,
): boolean {
  if (message.severity === "error" || message.severity === "warning") return true;
  if (infoWasPrinted) return false;
  if (row === progress.root) return true;
  const infos = row.messages.filter((each) => each.severity === "info");
  return infos.length > 1 || toLines(message.text).length > 1;
}

/** Messages grouped by resource, each in full. */
export function renderDiagnostics(
  progress: Progress,
  isWanted: (row: Row, message: Message) => boolean,
): Line[] {
  // The stack's own group last: it ends with the verdict.
  const rows = [...progress.rows.values()].filter((row) => row !== progress.root);
  const groups = [...rows, progress.root].flatMap((row): Line[][] => {
    const messages = row.messages.filter((message) => isWanted(row, message));
    if (messages.length === 0) return [];
    const lines = messages.flatMap(renderMessage);
    return [[[span(`  ${describe(row.urn)}:`, "cyan")], ...lines]];
  });
  if (groups.length === 0) return [];
  const separated = groups.flatMap((group, at) => (at === 0 ? group : [BLANK, ...group]));
  return [line("Diagnostics:", "heading"), ...separated];
}

/** A message in full: its severity before the first line, the others aligned below. */
function renderMessage(message: Message): Line[] {
  const style = STYLES[message.severity];
  const lines = toLines(message.text);
  if (style === undefined) return lines.map((text) => line(`    ${text}`));
  const label = `${message.severity}: `;
  return lines.map((text, at) => {
    if (at > 0) return line(`    ${text}`);
    const rest = text.startsWith(label) ? text.slice(label.length) : text;
    return [span(`    ${label}`, style), span(rest)];
  });
}

/** Violations of policies, the mandatory ones first. */
export function renderPolicies(progress: Progress): Line[] {
  if (progress.policies.length === 0) return [];
  const rank = (policy: Policy): number => (policy.level === "mandatory" ? 0 : 1);
  const lines = [...progress.policies]
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((policy): Line[] => {
      const of = policy.urn === undefined ? "" : `  ${describe(policy.urn)}`;
      const style: Style = policy.level === "mandatory" ? "red" : "yellow";
      return [
        [
          span(`  [${inline(policy.level)}]`, style),
          span(inline(`  ${policy.pack}: ${policy.name}${of}`)),
        ],
        ...toLines(policy.message).map((text) => line(`    ${text}`)),
      ];
    });
  return [line("Policies:", "heading"), ...lines];
}
