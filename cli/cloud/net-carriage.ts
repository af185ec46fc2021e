import { factsOf } from "../../provider/ipam/driver-facts.js";
import { bridgeName, linkName, VXLAN_PORT } from "../../provider/network/names.js";
import type { NetworkView } from "./net-model.js";

/** One place that a packet passes. */
export interface Step {
  /** A container, host or "outside". */
  at: string;
  what: string;
}

/** How a packet gets from one host's containers to another's. */
export function carried(view: NetworkView, from: string, to: string): Step[] {
  const bridge = bridgeName(view.vni);
  if (view.driver === "macvlan")
    return [{ at: from, what: "goes over the hosts' own link, not wrapped, past the firewall" }];
  if (view.driver === "plugin" || view.driver === "cni") return [foreign(view, from)];
  if (from === to)
    return [
      {
        at: from,
        what: `stays on the host, on the bridge ${view.driver === "swarm" ? "of the overlay" : bridge}`,
      },
    ];
  const underlay = (name: string) =>
    view.hosts.find((host) => host.name === name)?.underlay ?? name;
  const ways = `${underlay(from)} -> ${underlay(to)}`;
  const { overhead } = factsOf(view.driver);
  switch (view.driver) {
    case "routed":
      return [
        { at: from, what: `is routed ${ways}, not wrapped and not encrypted` },
        arrival(view, to),
      ];
    case "weave":
      return [
        {
          at: from,
          what: `is carried by Weave's router, ${ways}, over the bridge weave, ${view.encrypted ? "encrypted" : "not encrypted"}`,
        },
      ];
    case "wireguard":
      return [
        { at: from, what: `is encrypted by WireGuard, ${ways}, ${overhead} bytes a packet` },
        arrival(view, to),
      ];
    default:
      return [
        {
          at: from,
          what: `is wrapped as VXLAN ${view.vni}, UDP ${VXLAN_PORT}, ${ways}, by ${view.driver === "vxlan" ? linkName(view.vni) : view.driver}, ${overhead} bytes a packet, not encrypted`,
        },
        arrival(view, to),
      ];
  }
}

function arrival(view: NetworkView, host: string): Step {
  const where =
    view.driver === "swarm"
      ? "the overlay"
      : view.driver === "ovs"
        ? `cns${view.vni}`
        : bridgeName(view.vni);
  return { at: host, what: `arrives on ${where}` };
}

/** What only the driver knows. */
export function foreign(view: NetworkView, host: string): Step {
  return { at: host, what: `the driver ${view.driver} carries it by rules of its own` };
}
