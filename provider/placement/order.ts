/**
 * Order of host names as people read them: h2 before h10. Total, and the same on every machine: never by locale.
 * It is the order of the plan's hosts and its last tie-break.
 */
export function compareNames(a: string, b: string): number {
  return compareAll(parts(a), parts(b)) || compareTexts(a, b);
}

function compareAll(left: readonly string[], right: readonly string[]): number {
  for (let i = 0; i < left.length && i < right.length; i++) {
    const order = compareParts(left[i] ?? "", right[i] ?? "");
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Named things in the plan's order. */
export function sortedByName<T extends { name: string }>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, parts: parts(item.name) }))
    .sort((a, b) => compareAll(a.parts, b.parts) || compareTexts(a.item.name, b.item.name))
    .map(({ item }) => item);
}

function parts(name: string): string[] {
  return name.match(/\d+|\D+/g) ?? [];
}

function compareParts(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) {
    const x = a.replace(/^0+(?=\d)/, "");
    const y = b.replace(/^0+(?=\d)/, "");
    if (x.length !== y.length) return x.length - y.length;
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return compareTexts(a, b);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isNumber(text: string): boolean {
  const code = text.charCodeAt(0);
  return code >= 48 && code <= 57;
}
