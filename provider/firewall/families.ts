import { parseCidrLoosely } from "../ipam/cidr.js";
import { Twins } from "../ipam/twins.js";
import { isOutside, type Policy, type PolicyPeer } from "./model.js";
import { renderDoors, renderPolicy, type PolicySite } from "./render.js";

/** Between the rules of iptables and those of ip6tables; the program on the host cuts there. */
const IPV6_BEGINS = "# ipv6\n";

/**
 * A policy as rules of one host, of both families where the network has IPv6: who may connect is the same, whatever
 * address is used. A rule about outside addresses is of their family alone. Where the network has none, what is left of IPv6 are
 * the ports that the host publishes, which Docker's proxy opens at its IPv6 addresses too.
 */
export function renderFamilies(
  policy: Policy,
  site: PolicySite,
  network: { cidr: string; cidr6?: string | undefined },
): string {
  const twins = Twins.of(network);
  const ipv4 = renderPolicy(ofFamily(policy, 4), site);
  if (!twins) {
    const doors = renderDoors(ofFamily(policy, 6), site, 6);
    return doors === "" ? ipv4 : ipv4 + IPV6_BEGINS + doors;
  }
  const twin = (text: string): string => twins.ipv6(text) ?? text;
  const members = policy.members.map((member) => ({ ...member, address: twin(member.address) }));
  const blocks = Object.entries(site.blocks).map(([host, block]) => [host, twin(block)] as const);
  const site6 = {
    ...site,
    blocks: Object.fromEntries(blocks),
    gateways: site.gateways.map(twin),
  };
  return ipv4 + IPV6_BEGINS + renderPolicy({ ...ofFamily(policy, 6), members }, site6, 6);
}

/** Without the rules that name addresses of the other family. */
function ofFamily(policy: Policy, family: 4 | 6): Policy {
  const isOther = (peer: PolicyPeer): boolean =>
    isOutside(peer) && peer !== "outside" && parseCidrLoosely(peer.cidr)?.family !== family;
  return {
    ...policy,
    rules: policy.rules.filter(({ from, to }) => !isOther(from) && !isOther(to)),
  };
}
