import type { Message, Policy, Progress, Row } from "./progress.js";
import { BLANK, inline, line, span, toLines, type Line, type Style } from "./text.js";
import { parseUrn, shortType } from "./urn.js";
import { count } from "./words.js";

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

/** Policy packs, each with what it has changed and what it objects to, the mandatory ones first. */
export function renderPolicies(progress: Progress): Line[] {
  const packs = new Map<string, string>();
  for (const [name, version] of Object.entries(progress.summary?.policyPacks ?? {})) {
    const [pack = name, kind, path] = name.split("|");
    const where = kind === undefined || path === undefined ? "" : ` (${kind}: ${path})`;
    packs.set(pack, `${pack}${version === "" ? "" : `@v${version}`}${where}`);
  }
  for (const { pack } of progress.policies) if (!packs.has(pack)) packs.set(pack, pack);
  if (packs.size === 0) return [];
  return [
    line("Policies:", "heading"),
    ...[...packs].flatMap(([pack, title]) =>
      renderPack(
        title,
        progress.policies.filter((policy) => policy.pack === pack),
      ),
    ),
  ];
}

function renderPack(title: string, policies: readonly Policy[]): Line[] {
  const violations = policies.filter(({ level }) => level !== "remediate");
  const isForbidden = violations.some(({ level }) => level === "mandatory");
  const style: Style = isForbidden ? "red" : policies.length > 0 ? "yellow" : "green";
  const remedied = new Map<string, number>();
  for (const { level, name } of policies)
    if (level === "remediate") remedied.set(name, (remedied.get(name) ?? 0) + 1);
  const rank = (policy: Policy): number => (policy.level === "mandatory" ? 0 : 1);
  return [
    [span(`    ${inline(title)}`, style)],
    ...[...remedied].map(([name, amount]): Line => [
      span("        - [remediate]", "yellow"),
      span(`  ${inline(name)}  (${count(amount, "resource")})`),
    ]),
    ...[...violations].sort((a, b) => rank(a) - rank(b)).flatMap(renderViolation),
  ];
}

function renderViolation(policy: Policy): Line[] {
  const of = policy.urn === undefined ? "" : `  ${describe(policy.urn)}`;
  const severity = policy.severity === undefined ? "" : ` [severity: ${policy.severity}]`;
  return [
    [
      span(
        `        - [${inline(policy.level)}]${inline(severity)}`,
        policy.level === "mandatory" ? "red" : "yellow",
      ),
      span(inline(`  ${policy.name}${of}`)),
    ],
    ...toLines(policy.message).map((text) => line(`          ${text}`)),
  ];
}
