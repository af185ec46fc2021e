/**
 * `10.0.0.1` as a number: four decimal parts without leading zeros; undefined for anything else. Read by hand, since plans
 * read hundreds of thousands: a pattern and a parser of all spellings take six times as long.
 */
export function parseIPv4(text: string): number | undefined {
  let value = 0;
  let dots = 0;
  let part: number | undefined;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit === DOT) {
      if (part === undefined) return undefined;
      value = value * 256 + part;
      part = undefined;
      dots++;
    } else {
      if (digit < 0 || digit > 9 || part === 0) return undefined;
      part = (part ?? 0) * 10 + digit;
      if (part > 255) return undefined;
    }
  }
  return dots === 3 && part !== undefined ? value * 256 + part : undefined;
}

const ZERO = "0".charCodeAt(0);
const DOT = ".".charCodeAt(0) - ZERO;

export function formatIPv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}
