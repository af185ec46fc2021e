import { namesFile } from "../../network/dns/names-file.js";
import type { RecordKind } from "../network-record/inputs.js";
import { ownerOf } from "../../host/ownership.js";
import { servingAt } from "../successions.js";
import type { NetworkNamesInputs } from "./inputs.js";

/** Each host has the same hosts file, beside that of the network. Names that others still serve lead to those at first. */
export const namesRecord: RecordKind<NetworkNamesInputs> = {
  idOf: ({ networkId, plan }, generation) => `${networkId}/${plan}/${generation}`,
  recordOf: (inputs) => fileOf(inputs),
  recordNow: (inputs, { connection }) =>
    fileOf(inputs, servingAt(ownerOf({ ...inputs.meta, name: inputs.network }), connection)),
  words: ({ plan, networkId }) => ({
    done: "named",
    undone: "unnamed",
    notMade: `the names of plan ${plan} were not added to network ${networkId}`,
    notChanged: `the names of plan ${plan} were not changed on all hosts of network ${networkId}`,
    notRemoved: `the names of plan ${plan} were not removed from all hosts of network ${networkId}`,
    notObserved: `the names of plan ${plan} on network ${networkId} cannot be observed on all hosts`,
    later: `the names of plan ${plan} on network ${networkId} are brought up to date there`,
  }),
};

function fileOf(
  { plan, records, domain }: NetworkNamesInputs,
  serving?: ReadonlyMap<string, string>,
) {
  return { kind: "names" as const, key: plan, text: namesFile(records, domain, serving) };
}
