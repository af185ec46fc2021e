import type { HostState } from "../host-state.js";
import { portText } from "../port-table.js";
import { hostsThat, listing } from "../words.js";
import type { Ask, Constraint } from "./constraint.js";

/** None of the host ports it publishes is taken there, by anybody. */
export const portsConstraint: Constraint = {
  name: "ports",
  declared: false,
  applies: (ask) => ask.ports.length > 0,
  accepts: (ask, host) =>
    ask.ports.every((port) => host.ports.holder(port, ask.name) === undefined),
  explain: (ask, hosts) => {
    const clashes = hosts.map((host) => ({ host, ...clash(ask, host) }));
    const ports = [...new Set(clashes.map(({ port }) => port))];
    const holders = clashes.map(({ host, by }) => `by ${by} on ${host.name}`);
    return `${hostsThat(hosts.length, "has", "have")} port ${listing(ports)} in use (${listing(holders)})`;
  },
  explainOne: (ask, host) => {
    const { port, by } = clash(ask, host);
    return `has port ${port} in use by ${by}`;
  },
};

function clash(ask: Ask, host: HostState): { port: string; by: string } {
  for (const port of ask.ports) {
    const by = host.ports.holder(port, ask.name);
    if (by !== undefined) return { port: portText(port), by };
  }
  return { port: "", by: "" };
}
