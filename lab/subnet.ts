/** Third octets of 10.77.0.0/16, one underlay each. */
export const UNDERLAYS = 256;

export interface Underlay {
  index: number;
  subnet: string;
  gateway: string;
}

export function underlay(index: number): Underlay {
  return { index, subnet: `10.77.${index}.0/24`, gateway: `10.77.${index}.254` };
}

/** Address of host number 1.. in an underlay. */
export function hostAddress(index: number, host: number): string {
  return `10.77.${index}.${host}`;
}

/** Fixed per host, or a rebooted host would be unreachable until ARP entries expire. */
export function hostMac(index: number, host: number): string {
  const hex = (value: number): string => value.toString(16).padStart(2, "0");
  return `02:77:00:00:${hex(index)}:${hex(host)}`;
}

function range(cidr: string): [number, number] | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(cidr);
  if (!match) return undefined;
  const [a, b, c, d] = match.slice(1, 5).map(Number) as [number, number, number, number];
  const size = 2 ** (32 - Number(match[5] ?? 32));
  const start = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = Math.floor(start / size) * size;
  return [first, first + size - 1];
}

/** The underlays, in order, that overlap none of this machine's routes (CIDRs or addresses; others are ignored). */
export function freeUnderlays(routes: readonly string[]): Underlay[] {
  const taken = routes.map(range).filter((r) => r !== undefined);
  const free: Underlay[] = [];
  for (let index = 0; index < UNDERLAYS; index++) {
    const candidate = underlay(index);
    const [first, last] = range(candidate.subnet) as [number, number];
    if (!taken.some(([from, to]) => from <= last && to >= first)) free.push(candidate);
  }
  return free;
}
