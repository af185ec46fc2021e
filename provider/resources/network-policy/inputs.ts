import type { Policy } from "../../firewall/model.js";
import type { RecordInputs, RecordState } from "../network-record/inputs.js";

/** Who may connect to whom on one network of the same stack. */
export interface NetworkPolicyInputs extends RecordInputs, Policy {
  /** Hosts of the network, with their parts of its CIDR and their addresses on it. */
  hosts: (RecordInputs["hosts"][number] & { block: string; gateway: string })[];
}

export type NetworkPolicyState = RecordState<NetworkPolicyInputs>;
