import { isUnknown } from "../unknown.js";

/**
 * Of a program's hosts those that are in the network. The plan gives a host its block once it has seen it: one that could
 * not be reached when the network was planned has none, and joins with the first up that sees it.
 */
export function membersOf<Host extends { block?: string }>(hosts: Host[]): Host[] {
  if (!Array.isArray(hosts)) return hosts; // check says what is wrong with it, or it is not known yet
  return hosts.filter((host) => isUnknown(host) || host.block !== undefined);
}

/** The same for records that say nothing of blocks. */
export function membersAlone<Host extends { block?: string }>(
  hosts: Host[],
): Omit<Host, "block">[] {
  if (!Array.isArray(hosts)) return hosts;
  return membersOf(hosts).map((host) => {
    if (isUnknown(host)) return host;
    const { block: _block, ...member } = host;
    return member;
  });
}
