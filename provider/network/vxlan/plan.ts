import { ownerOf } from "../../host/ownership.js";
import type { VirtualNetworkInputs } from "../../resources/virtual-network/inputs.js";
import { namesFile } from "../dns/names-file.js";
import type { HostPart } from "../driver.js";

/** What each host has to have, in the order of the inputs. Pure: two equal parts need nothing done. */
export function planParts(inputs: VirtualNetworkInputs): HostPart[] {
  const names = namesFile(inputs.records, inputs.domain);
  return inputs.hosts.map((host) => ({
    host: host.name,
    owner: ownerOf(inputs.meta),
    cloud: inputs.cloud,
    networkId: inputs.networkId,
    vni: inputs.vni,
    cidr: inputs.cidr,
    block: host.block,
    gateway: host.gateway,
    underlay: host.underlay,
    mtu: inputs.mtu,
    domain: inputs.domain,
    outbound: inputs.outbound,
    peers: inputs.hosts
      .filter((other) => other.name !== host.name)
      .map(({ underlay, block }) => ({ underlay, block }))
      .sort((a, b) => (a.underlay < b.underlay ? -1 : a.underlay > b.underlay ? 1 : 0)),
    names,
  }));
}
