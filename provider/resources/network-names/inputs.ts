import type { RecordInputs, RecordState } from "../network-record/inputs.js";

/** Names that one plan adds to a network that an earlier plan of the same program made. */
export interface NetworkNamesInputs extends RecordInputs {
  domain: string;
  /** Name of the plan that decided the addresses. */
  plan: string;
  /** Names and their addresses, beside the network's own. */
  records: Record<string, string[]>;
}

export type NetworkNamesState = RecordState<NetworkNamesInputs>;
