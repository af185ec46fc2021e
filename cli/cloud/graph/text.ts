import { inline } from "../../display/text.js";
import { hostText, networkText, policyText, type Topology } from "./model.js";

/** The topology as indented lines: networks with their policies, then hosts with their containers. */
export function topologyText({ project, stack, networks, hosts }: Topology): string {
  const lines = [`${project}/${stack}`];
  for (const network of networks) {
    lines.push("", `network ${network.name}: ${networkText(network)}`);
    lines.push(`  ${policyText(network)}`);
    for (const rule of network.policy?.rules ?? []) lines.push(`    lets ${rule}`);
  }
  for (const host of hosts) {
    lines.push("", `${host.machine ? "" : "host "}${hostText(host)}`);
    for (const { network, block } of host.networks) lines.push(`  ${network} ${block}`);
    for (const { name, addresses, ports } of host.containers) {
      const where = addresses.map(({ network, address: own }) => `${network} ${own}`).join(", ");
      const published = ports.length === 0 ? "" : `, publishes ${ports.join(", ")}`;
      lines.push(`  - ${name}: ${where === "" ? "no network" : where}${published}`);
    }
    if (host.containers.length === 0 && !host.machine) lines.push("  no containers");
  }
  if (hosts.length === 0) lines.push("", "no hosts");
  return lines.map(inline).join("\n");
}
