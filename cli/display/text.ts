/** Text as the display composes it: styled spans, measured in terminal cells and painted only at the rim. */
export type Style =
  | "bold"
  | "dim"
  | "red"
  | "green"
  | "yellow"
  | "blue"
  | "cyan"
  | "magenta"
  | "heading"
  | "underline";

export interface Span {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** One line of the screen. Never contains a newline. */
export type Line = readonly Span[];

export const span = (text: string, style?: Style): Span => ({ text, style });
export const line = (text: string, style?: Style): Line => [span(text, style)];
export const BLANK: Line = [];

/** A line without its styles. */
export const plainText = (spans: Line): string => spans.map((part) => part.text).join("");

// CSI and OSC sequences, then Pulumi's own colour directives.

const ESCAPES = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b./g;
const DIRECTIVES = /<\{%[^%\n]*%\}>/g;

const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Makes foreign text safe to show: no escape sequences, no control characters but newlines. */
export function sanitize(text: string): string {
  return text
    .replace(ESCAPES, "")
    .replace(DIRECTIVES, "")
    .replace(/\r\n?/g, "\n")
    .replace(/\t/g, "  ")
    .replace(CONTROLS, "");
}

/** Foreign text for a place within a line. */
export const inline = (text: string): string => sanitize(text).replaceAll("\n", " ");

/** Foreign text as lines: blank lines at both ends and trailing spaces are dropped. */
export function toLines(text: string): string[] {
  const lines = sanitize(text)
    .split("\n")
    .map((each) => each.trimEnd());
  while (lines.length > 0 && lines[0] === "") lines.shift();
  while (lines.length > 0 && lines.at(-1) === "") lines.pop();
  return lines;
}

const COMBINING = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const EMOJI = /^\p{Emoji_Presentation}$/u;
/** East Asian wide and fullwidth ranges (Unicode Standard Annex 11). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1faff],
  [0x20000, 0x3fffd],
];

/** Cells one code point takes. Joined emoji are counted apart: too wide is safe, too narrow would wrap. */
function cells(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (code === 0xfe0f) return 1;
  if (COMBINING.test(character)) return 0;
  if (code < 0x1100) return 1;
  if (WIDE.some(([from, to]) => code >= from && code <= to)) return 2;
  return EMOJI.test(character) ? 2 : 1;
}

/** Terminal cells that `text` takes. */
export function width(text: string): number {
  let total = 0;
  for (const character of text) total += cells(character);
  return total;
}

export const lineWidth = (spans: Line): number =>
  spans.reduce((total, part) => total + width(part.text), 0);

/** Cuts to at most `limit` cells; what was cut off is marked with an ellipsis. */
export function cut(text: string, limit: number): string {
  if (limit === Infinity || width(text) <= limit) return text;
  if (limit <= 0) return "";
  let used = 0;
  let kept = "";
  for (const character of text) {
    const next = cells(character);
    if (used + next > limit - 1) break;
    used += next;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

/** Cuts a line to at most `limit` cells, keeping its styles. */
export function cutLine(spans: Line, limit: number): Line {
  if (limit === Infinity || lineWidth(spans) <= limit) return spans;
  const kept: Span[] = [];
  let left = limit;
  for (const part of spans) {
    if (left <= 0) break;
    const rest = spans.slice(spans.indexOf(part) + 1);
    const needs = width(part.text);
    // The last span that fits must leave a cell for the ellipsis when anything follows it.
    if (needs < left || (needs === left && lineWidth(rest) === 0)) {
      kept.push(part);
      left -= needs;
      continue;
    }
    const shortened = cut(`${part.text}  `, left);
    kept.push(span(shortened, part.style));
    left = 0;
  }
  return kept;
}

/** Breaks a line at spaces into at most `maxLines` lines of `limit` cells; the last one is cut. */
export function wrapLine(spans: Line, limit: number, maxLines: number): Line[] {
  const lines: Line[] = [];
  let rest = spans;
  while (lines.length < maxLines - 1 && lineWidth(rest) > limit) {
    const [head, tail] = breakAt(rest, limit);
    if (tail.length === 0 || head.length === 0) break;
    lines.push(head);
    rest = tail;
  }
  return [...lines, cutLine(rest, limit)];
}

/** The words that fit, and the others. Both are empty of spaces at the break. */
function breakAt(spans: Line, limit: number): [Line, Line] {
  const words = spans.flatMap(({ text, style }) =>
    text.split(/(?<= )(?=[^ ])/).map((word) => span(word, style)),
  );
  let used = 0;
  let at = 0;
  for (const word of words) {
    if (used + width(word.text.trimEnd()) > limit) break;
    used += width(word.text);
    at += 1;
  }
  return [words.slice(0, at), words.slice(at)];
}

/** Pads with spaces on the right to `cellCount` cells. */
export const pad = (text: string, cellCount: number): string =>
  text + " ".repeat(Math.max(0, cellCount - width(text)));
