import { InvalidArgumentError } from "commander";

const UNITS: Record<string, number> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** A whole number of hosts for --hosts. */
export function hostCount(text: string): number {
  if (!/^[1-9]\d*$/.test(text))
    throw new InvalidArgumentError(`"${text}" is not a number of hosts.`);
  return Number(text);
}

/** `2`, `1,2,4`: values for --cpus. */
export function numberList(text: string): number[] {
  return text.split(",").map((part) => {
    const value = Number(part);
    if (!(value > 0)) throw new InvalidArgumentError(`"${part}" is not a positive number.`);
    return value;
  });
}

/** `512m`, `2g,4g`, `2GiB`: bytes for --memory. */
export function memoryList(text: string): number[] {
  return text.split(",").map((part) => {
    const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(part.trim());
    const unit = UNITS[(match?.[2] ?? "").toLowerCase()];
    if (!match || unit === undefined)
      throw new InvalidArgumentError(`"${part}" is not a size such as 512m or 2g.`);
    return Math.round(Number(match[1]) * unit);
  });
}

/** 2147483648 as `2 GiB`. */
export function bytes(value: number): string {
  for (const [unit, size] of [
    ["TiB", 1024 ** 4],
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024],
  ] as const)
    if (value >= size) return `${Number((value / size).toFixed(1))} ${unit}`;
  return `${value} B`;
}

/** Prints columns as wide as their widest cell. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  for (const row of [head, ...rows])
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}
