/** What VXLAN over IPv4 adds to each packet: outer Ethernet, IP, UDP and VXLAN headers. */
export const VXLAN_OVERHEAD = 50;

/** What is assumed of an underlay that nobody could look at. */
const ETHERNET_MTU = 1500;

/**
 * The MTU that fits through every member's underlay. While a member that was there before cannot be seen, a
 * larger one than before is not dared.
 */
export function chooseMtu(
  underlays: readonly number[],
  before: number | undefined,
  allSeen: boolean,
): number {
  const seen = underlays.map((mtu) => mtu - VXLAN_OVERHEAD);
  if (before !== undefined && !allSeen) seen.push(before);
  return seen.length > 0 ? Math.min(...seen) : ETHERNET_MTU - VXLAN_OVERHEAD;
}
