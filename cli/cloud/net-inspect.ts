import { printJson, table } from "../commands/table.js";
import type { CommonFlags } from "../commands/options.js";
import { ruleText } from "../../provider/firewall/decide.js";
import { bothFamilies, chosen, networkViews, rangesOf } from "./net-model.js";
import { cloudState, type CloudState } from "./state.js";

/** All that the state says of one network. */
export type Inspected = ReturnType<typeof inspected>;

/** `clocker net inspect NETWORK`: its addresses, hosts, containers, names and policy. Asks no host. */
export async function inspect(
  name: string,
  flags: CommonFlags & { json?: boolean },
): Promise<void> {
  const found = inspected(await cloudState(flags), name);
  if (flags.json) printJson(found);
  else console.log(inspectText(found));
}

/** One network, without what is only for its policy or the way to its hosts. Pure. */
export function inspected(cloud: CloudState, name: string) {
  const [view] = chosen(networkViews(cloud), name);
  const { network, members, machines, records, policy, policyName, border: _b, ...rest } = view!;
  const machineNames = new Set(machines.map(({ name: machine }) => machine));
  const state = cloud.networks.find(({ meta }) => meta.name === network)!;
  return {
    network,
    ...rest,
    hosts: rest.hosts.map((host) => ({
      ...host,
      ...(machineNames.has(host.name) ? { machine: true } : {}),
    })),
    dockerName: state.dockerName,
    outbound: state.outbound,
    dnsServers: state.dnsServers,
    containers: members.map(({ name: container, host, address }) => ({
      ...{ name: container, host, address },
      names: Object.keys(records)
        .filter((each) => records[each]!.includes(address))
        .sort(),
    })),
    ...(policyName === undefined
      ? {}
      : {
          policy: {
            ...{ name: policyName, isolate: policy.isolate, outside: policy.outside },
            rules: policy.rules.map(ruleText),
          },
        }),
    /** What is wrong by host, as the last operation or refresh saw it. */
    problems: state.problems ?? {},
  };
}

export function inspectText(network: Inspected): string {
  const both = (text: string) => bothFamilies(network, text);
  const facts: [string, string][] = [
    ["network", network.network],
    ["driver", network.driver],
    ["CIDR", rangesOf(network)],
    ["VNI", String(network.vni)],
    ["MTU", String(network.mtu)],
    ["Docker network", network.dockerName],
    ["domain", network.domain],
    ["other names by", network.dnsServers.join(", ") || "the hosts' resolvers"],
    ["way out", network.outbound ? "through the host" : "none"],
  ];
  const { policy } = network;
  if (policy) {
    const words = `isolates ${policy.isolate}, outside ${policy.outside}`;
    facts.push(["policy", `${policy.name}: ${words}`]);
    for (const rule of policy.rules) facts.push(["", `lets ${rule}`]);
  }
  const width = Math.max(...facts.map(([key]) => key.length)) + 2;
  const problems = Object.entries(network.problems).flatMap(([host, all]) =>
    all.map((problem) => `host ${host}: ${problem}`),
  );
  return [
    facts.map(([key, value]) => `${key.padEnd(width)}${value}`).join("\n"),
    table(
      ["HOST", "BLOCK", "GATEWAY", "UNDERLAY"],
      network.hosts.map(({ name, machine, block, gateway, underlay }) => [
        ...[machine ? `${name} (machine)` : name, both(block), both(gateway), underlay],
      ]),
    ),
    network.containers.length === 0
      ? "no containers"
      : table(
          ["CONTAINER", "HOST", "ADDRESS", "NAMES"],
          network.containers.map(({ name, host, address, names }) => [
            ...[name, host, both(address), names.join(", ")],
          ]),
        ),
    ...(problems.length > 0 ? [problems.join("\n")] : []),
  ].join("\n\n");
}
