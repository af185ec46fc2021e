/** Names of a network's parts on a host. Kernel link names have at most 15 characters; a VNI has at most 8 digits. */

/** The bridge that containers are plugged into. Not `cn*`: CNI plugins call theirs cni0. */
export function bridgeName(vni: number): string {
  return `cnb${vni}`;
}

/** The link that joins the bridge to the other hosts. */
export function linkName(vni: number): string {
  return `cnv${vni}`;
}

/** Docker's name of the network, the same on every host. It holds the VNI, so that a replacement can be made beside it. */
export function dockerNetworkName(networkId: string, vni: number): string {
  return `${networkId}-${vni}`;
}

/** The MAC of an endpoint follows from its address, so whoever has the address answers to the same frames. */
export function macOf(address: string): string {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return ["02", "42", ...bytes].join(":");
}

/** Folder of everything about our networks on a host; survives a reboot. */
export const NETWORK_ROOT = "/var/lib/clocker/net";

/** One lock a host: networks share the rule chains that they hang in. */
export const NETWORK_LOCK = "network";

/** UDP port of VXLAN (IANA). Frames are told apart by VNI, so Swarm's on the same port are left alone. */
export const VXLAN_PORT = 4789;

/** What VXLAN adds to each packet over IPv4. */
export const VXLAN_OVERHEAD = 50;
