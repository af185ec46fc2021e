import type { Lifecycle } from "../../lifecycle.js";
import { recordLifecycle } from "../network-record/lifecycle.js";
import { check } from "./check.js";
import type { NetworkPolicyInputs, NetworkPolicyState } from "./inputs.js";
import { withLeaving, withoutLeaving } from "./leaving.js";
import { policyRecord } from "./record.js";

const record = recordLifecycle(policyRecord, check);

/** The verbs of NetworkPolicy: a record that also knows those whom its members take over from. */
export const networkPolicyLifecycle: Lifecycle<NetworkPolicyInputs, NetworkPolicyState> = {
  ...record,
  diff: (id, olds, news) => record.diff(id, withoutLeaving(olds), news),
  create: (inputs) => record.create(withLeaving(inputs)),
  update: (id, olds, news) => record.update(id, olds, withLeaving(news, olds)),
  async read(id, state) {
    const { inputs, ...seen } = await record.read(id, state);
    return inputs ? { ...seen, inputs: withoutLeaving(inputs) } : seen;
  },
};
