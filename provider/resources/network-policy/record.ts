import { renderFamilies } from "../../firewall/families.js";
import type { PolicyMember } from "../../firewall/model.js";
import type { RecordKind } from "../network-record/inputs.js";
import type { NetworkPolicyInputs } from "./inputs.js";

type Host = NetworkPolicyInputs["hosts"][number];

/** Each host has the rules that guard its own containers. It is written as of now, and stays without those that leave. */
export const policyRecord: RecordKind<NetworkPolicyInputs> = {
  idOf: ({ networkId, vni }, generation) => `${networkId}-${vni}/policy/${generation}`,
  recordOf: (inputs, host) => recordFor(inputs.members, inputs, host),
  recordNow: (inputs, host) => recordWithLeaving(inputs, host),
  words: ({ networkId }) => ({
    done: "in force",
    undone: "lifted",
    notMade: `the policy of network ${networkId} is not in force`,
    notChanged: `the policy of network ${networkId} was not changed on all hosts`,
    notRemoved: `the policy of network ${networkId} was not lifted on all hosts`,
    notObserved: `the policy of network ${networkId} cannot be observed on all hosts`,
    later: `the policy of network ${networkId} is changed there`,
  }),
};

/** As hosts have it until those that leave are gone. */
export const policyRecordMeanwhile: RecordKind<NetworkPolicyInputs> = {
  ...policyRecord,
  recordOf: (inputs, host) => recordWithLeaving(inputs, host),
};

function recordWithLeaving(inputs: NetworkPolicyInputs, host: Host) {
  return recordFor([...inputs.members, ...(inputs.leaving ?? [])], inputs, host);
}

function recordFor(members: PolicyMember[], inputs: NetworkPolicyInputs, host: Host) {
  const gateways = inputs.hosts.map(({ gateway }) => gateway).sort();
  const blocks = Object.fromEntries(inputs.hosts.map(({ name, block }) => [name, block]));
  const site = { vni: inputs.vni, host: host.name, blocks, gateways };
  return { kind: "policy" as const, text: renderFamilies({ ...inputs, members }, site, inputs) };
}
