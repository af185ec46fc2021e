/** What is assumed of an underlay that nobody could look at. */
const ETHERNET_MTU = 1500;

/**
 * The MTU that fits through every member's underlay. While a member that was there before cannot be seen, a
 * larger one than before is not dared. `overhead` is what the driver adds to each packet, in bytes.
 */
export function chooseMtu(
  underlays: readonly number[],
  before: number | undefined,
  allSeen: boolean,
  overhead: number,
): number {
  const seen = underlays.map((mtu) => mtu - overhead);
  if (before !== undefined && !allSeen) seen.push(before);
  return seen.length > 0 ? Math.min(...seen) : ETHERNET_MTU - overhead;
}
