import type { Progress, Row } from "./progress.js";
import { infoOf, shownOp, statusOf } from "./status.js";
import { cut, cutLine, inline, lineWidth, pad, span, width, wrapLine, type Line } from "./text.js";
import type { TreeRow } from "./tree.js";
import { parseUrn, shortType } from "./urn.js";
import { OPS } from "./words.js";

interface Cells {
  row: Row | undefined;
  symbol: string;
  type: string;
  name: string;
  status: string;
  statusStyle: Line[number]["style"];
  info: Line;
}

const GAP = "  ";
/** Margin and symbol. */
const LEAD = 4;
const MIN_INFO = 16;
/** Types are shortened to give an info so much room. */
const COMFORTABLE_INFO = 48;
const MIN_NAME = 12;
const MIN_TYPE = 22;

/** Lines a row may take where long infos are wrapped. */
const MAX_LINES = 4;

/**
 * The tree as aligned columns; no line is wider than `limit` cells. Infos that are too long are cut, or with `wraps`
 * go on below.
 */
export function renderTable(
  rows: readonly TreeRow[],
  progress: Progress,
  now: number,
  limit: number,
  wraps = false,
): Line[] {
  let body = rows.map(({ row, prefix }) => cellsOf(row, prefix, shortType, progress, now));
  const hasInfo = body.some((cells) => cells.info.length > 0);
  if (excessOf(naturalWidths(body, progress), body, limit, COMFORTABLE_INFO) > 0) {
    body = rows.map(({ row, prefix }) => cellsOf(row, prefix, memberType, progress, now));
  }
  const widths = fit(body, progress, limit);
  const header: Cells = {
    row: undefined,
    symbol: "",
    type: "Type",
    name: "Name",
    status: statusTitle(progress),
    statusStyle: undefined,
    info: hasInfo ? [span("Info", "heading")] : [],
  };
  const headLine = cutLine(renderRow(header, widths), limit);
  if (!wraps) return [headLine, ...body.map((cells) => cutLine(renderRow(cells, widths), limit))];
  const infoAt = LEAD + widths.type + widths.name + widths.status + 3 * GAP.length;
  return [
    headLine,
    ...body.flatMap((cells, at): Line[] => {
      if (limit - infoAt < MIN_INFO) return [cutLine(renderRow(cells, widths), limit)];
      const [first = [], ...more] = wrapLine(cells.info, limit - infoAt, MAX_LINES);
      const bars = `${" ".repeat(LEAD)}${barsAbove(rows[at + 1]?.prefix ?? "")}`;
      return [
        trimEnd(renderRow({ ...cells, info: first }, widths)),
        ...more.map((rest): Line => [span(pad(bars, infoAt)), ...rest]),
      ].map((each) => cutLine(each, limit));
    }),
  ];
}

const statusTitle = (progress: Progress): string =>
  progress.options.isPreview ? "Plan" : "Status";

/** The tree's lines above a row with this prefix. */
const barsAbove = (prefix: string): string => prefix.replaceAll(/[├└]/g, "│").replaceAll("─", " ");

/** The last part of a type, for narrow terminals: "PlacedContainer". */
const memberType = (type: string): string => shortType(type).split(":").at(-1) ?? type;

function cellsOf(
  row: Row,
  prefix: string,
  typeText: (type: string) => string,
  progress: Progress,
  now: number,
): Cells {
  const { type, name } = parseUrn(row.urn);
  const status = statusOf(row, progress, now);
  return {
    row,
    symbol: OPS[shownOp(row, progress)].symbol,
    type: prefix + inline(typeText(type)),
    name: inline(progress.options.showUrns === true ? row.urn : name),
    status: status.text,
    statusStyle: status.style,
    info: infoOf(row, progress),
  };
}

interface Widths {
  type: number;
  name: number;
  status: number;
}

function naturalWidths(body: readonly Cells[], progress: Progress): Widths {
  const widest = (texts: string[]): number => Math.max(...texts.map(width));
  return {
    type: widest(["Type", ...body.map((cells) => cells.type)]),
    name: widest(["Name", ...body.map((cells) => cells.name)]),
    status: widest([statusTitle(progress), ...body.map((cells) => cells.status)]),
  };
}

/** Cells by which the columns are too wide, some room for the info included. */
function excessOf(
  widths: Widths,
  body: readonly Cells[],
  limit: number,
  minInfo = MIN_INFO,
): number {
  const info = Math.max(0, ...body.map((cells) => lineWidth(cells.info)));
  const infoWidth = info === 0 ? 0 : Math.min(minInfo, info) + GAP.length;
  return LEAD + widths.type + widths.name + 2 * GAP.length + widths.status + infoWidth - limit;
}

/** Where the terminal is narrow, names and then types give way to keep some room for the info. */
function fit(body: readonly Cells[], progress: Progress, limit: number): Widths {
  const widths = naturalWidths(body, progress);
  let excess = excessOf(widths, body, limit);
  if (excess <= 0) return widths;
  const fromName = Math.min(excess, Math.max(0, widths.name - MIN_NAME));
  excess -= fromName;
  const fromType = Math.min(excess, Math.max(0, widths.type - MIN_TYPE));
  return { ...widths, name: widths.name - fromName, type: widths.type - fromType };
}

function renderRow(cells: Cells, widths: Widths): Line {
  const isHeader = cells.row === undefined;
  const cell = (text: string, size: number): string => pad(cut(text, size), size);
  const symbolStyle = cells.statusStyle;
  const spans: Line[number][] = [
    span(` ${pad(cells.symbol, 2)} `, symbolStyle),
    span(cell(cells.type, widths.type), isHeader ? "heading" : undefined),
    span(GAP),
    span(cell(cells.name, widths.name), isHeader ? "heading" : "bold"),
    span(GAP),
  ];
  if (cells.info.length === 0) {
    return trimEnd([...spans, span(cells.status, isHeader ? "heading" : cells.statusStyle)]);
  }
  return [
    ...spans,
    span(pad(cells.status, widths.status), isHeader ? "heading" : cells.statusStyle),
    span(GAP),
    ...cells.info,
  ];
}

/** Drops spaces at the end, so that piped output has none. */
function trimEnd(spans: Line): Line {
  const kept = [...spans];
  for (let last = kept.at(-1); last !== undefined; last = kept.at(-1)) {
    const trimmed = last.text.trimEnd();
    kept.pop();
    if (trimmed !== "") {
      kept.push(span(trimmed, last.style));
      break;
    }
  }
  return kept;
}
