/** Small pieces of the sentences that users read. */

/** `1 host`, `2 hosts`. */
export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${n} ${n === 1 ? singular : plural}`;
}

/** `1 host lacks`, `2 hosts lack`. */
export function hostsThat(n: number, singular: string, plural: string): string {
  return `${count(n, "host")} ${n === 1 ? singular : plural}`;
}

/** `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`. */
export function listing(items: readonly string[], most = 3, word: "and" | "or" = "and"): string {
  if (items.length <= 1) return items[0] ?? "";
  const shown = items.length > most ? items.slice(0, most) : items.slice(0, -1);
  const last = items.length > most ? `${items.length - most} more` : (items.at(-1) ?? "");
  return `${shown.join(", ")} ${word} ${last}`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `512 MiB`, `1.5 GiB`. */
export function bytes(value: number): string {
  let unit = 0;
  let amount = Math.max(0, value);
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${decimals(amount)} ${UNITS[unit] ?? "B"}`;
}

/** `1 cpu`, `0.5 cpus`. */
export function cores(micro: number): string {
  const amount = decimals(Math.max(0, micro) / 1e6);
  return `${amount} ${amount === "1" ? "cpu" : "cpus"}`;
}

/** At most two decimals, rounded down: what is promised as free must be there. */
function decimals(value: number): string {
  return String(Math.floor(value * 100 + 1e-6) / 100);
}

/** `45 %`, `12.5 %`: of a share from 0 to 1. */
export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** `344 km`, `1.2 km`. */
export function kilometres(km: number): string {
  return `${km < 10 ? Math.round(km * 10) / 10 : Math.round(km)} km`;
}

/** `4`, `0.33`: a score with at most two decimals. */
export function points(value: number): string {
  return String(Math.round(value * 100) / 100);
}
