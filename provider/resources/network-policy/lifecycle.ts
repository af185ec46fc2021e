import { ownerOf } from "../../host/ownership.js";
import type { Lifecycle, ReadResult } from "../../lifecycle.js";
import { waitForNobody } from "../leaving-addresses.js";
import { recordLifecycle } from "../network-record/lifecycle.js";
import { check } from "./check.js";
import type { NetworkPolicyInputs, NetworkPolicyState } from "./inputs.js";
import { withLeaving, withoutLeaving } from "./leaving.js";
import { policyRecord, policyRecordMeanwhile } from "./record.js";
import { settleOnceLeft, unsettled } from "./settle.js";

const record = recordLifecycle(policyRecord, check);

const meanwhile = recordLifecycle(policyRecordMeanwhile, check);

/** The verbs of NetworkPolicy: a record that also knows those whom its members take over from, until they are gone. */
export const networkPolicyLifecycle: Lifecycle<NetworkPolicyInputs, NetworkPolicyState> = {
  ...record,
  diff(id, olds, news) {
    settleOnceLeft(olds);
    return record.diff(id, withoutLeaving(olds), news);
  },
  async create(inputs) {
    const made = await record.create(withLeaving(inputs));
    settleOnceLeft(made.outs);
    return made;
  },
  async update(id, olds, news) {
    waitForNobody(ownerOf({ ...olds.meta, name: olds.network }));
    const updated = await record.update(id, unsettled(olds), withLeaving(news, olds));
    settleOnceLeft(updated.outs);
    return updated;
  },
  async read(id, state) {
    const { inputs, ...seen } = await readEither(id, state);
    return inputs ? { ...seen, inputs: withoutLeaving(inputs) } : seen;
  },
};

/** Nothing is wrong on hosts that have it still as it was written, nor on those that have it already as it stays. */
async function readEither(
  id: string,
  state: NetworkPolicyState,
): Promise<ReadResult<NetworkPolicyInputs, NetworkPolicyState>> {
  const settled = await record.read(id, state);
  if (state.leaving === undefined || !settled.props?.problems || !settled.inputs) return settled;
  const early = (await meanwhile.read(id, state)).props?.problems ?? {};
  const { problems: found, ...props } = settled.props;
  const problems = Object.fromEntries(Object.entries(found).filter(([host]) => host in early));
  return {
    id,
    props: { ...props, ...(Object.keys(problems).length > 0 ? { problems } : {}) },
    inputs: { ...settled.inputs, hosts: state.hosts.filter(({ name }) => !(name in problems)) },
  };
}
