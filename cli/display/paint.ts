import pc from "picocolors";
import type { Line, Style } from "./text.js";

export type ColorChoice = "always" | "never" | "auto";

/** `--color`, NO_COLOR and FORCE_COLOR, and whether anybody looks. */
export function wantsColor(
  choice: ColorChoice,
  /** Node leaves `isTTY` undefined where there is no terminal, whatever its types say. */
  isTerminal: boolean | undefined,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (choice === "always") return true;
  if (choice === "never") return false;
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  if ((env["FORCE_COLOR"] ?? "") !== "" && env["FORCE_COLOR"] !== "0") return true;
  return isTerminal === true && env["TERM"] !== "dumb";
}

/** Colours for text that is written to stdout by itself: none without a terminal, also in CI. */
export const stdoutColors = (): ReturnType<typeof pc.createColors> =>
  pc.createColors(wantsColor("auto", process.stdout.isTTY, process.env));

/** Turns lines into text for a terminal. */
export function painter(isColored: boolean): (spans: Line) => string {
  const colors = pc.createColors(isColored);
  const styles: Readonly<Record<Style, (text: string) => string>> = {
    bold: colors.bold,
    dim: colors.dim,
    red: colors.red,
    green: colors.green,
    yellow: colors.yellow,
    blue: colors.blue,
    cyan: colors.cyan,
    magenta: colors.magenta,
    heading: (text) => colors.bold(colors.magenta(text)),
    underline: colors.underline,
  };
  return (spans) =>
    spans
      .map(({ text, style }) =>
        style === undefined || text.trim() === "" ? text : styles[style](text),
      )
      .join("");
}
