import { renderFamilies } from "../../firewall/families.js";
import type { RecordKind } from "../network-record/inputs.js";
import type { NetworkPolicyInputs } from "./inputs.js";

/** Each host has the rules that guard its own containers. */
export const policyRecord: RecordKind<NetworkPolicyInputs> = {
  idOf: ({ networkId, vni }, generation) => `${networkId}-${vni}/policy/${generation}`,
  recordOf(inputs, host) {
    const gateways = inputs.hosts.map(({ gateway }) => gateway).sort();
    const blocks = Object.fromEntries(inputs.hosts.map(({ name, block }) => [name, block]));
    const site = { vni: inputs.vni, host: host.name, blocks, gateways };
    const members = [...inputs.members, ...(inputs.leaving ?? [])];
    return { kind: "policy", text: renderFamilies({ ...inputs, members }, site, inputs) };
  },
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
