import type { Policy, PolicyMember } from "../../firewall/model.js";
import type { RecordInputs, RecordState } from "../network-record/inputs.js";

/** Who may connect to whom on one network of the same stack. */
export interface NetworkPolicyInputs extends RecordInputs, Policy {
  /** Hosts of the network, with their parts of its CIDR and their addresses on it. */
  hosts: (RecordInputs["hosts"][number] & { block: string; gateway: string })[];
  /**
   * Containers that members take over from, as they were seen when the policy was last written: they are known until they are
   * gone, and harm nobody after that. Filled in by create and update, never by a program. Absent: none.
   */
  leaving?: PolicyMember[];
}

export type NetworkPolicyState = RecordState<NetworkPolicyInputs>;
