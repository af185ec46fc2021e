import { isUnreachable } from "../../errors.js";
import { ownerOf } from "../../host/ownership.js";
import { warn } from "../../progress.js";
import { combined, failuresOf, onEach } from "../each-host.js";
import { waitForLeaving } from "../leaving-addresses.js";
import { type RecordWork, workOn } from "../network-record/on-hosts.js";
import { inputsOf } from "../network-record/state.js";
import { successionsOn, whoHasNames } from "../successions.js";
import type { NetworkPolicyState } from "./inputs.js";
import { policyRecord } from "./record.js";

/**
 * Once those whom members take over from are gone, hosts have the policy without them: their addresses may be anybody's then.
 * In a run after one that died, those are waited for that the plan still sees, and deletions that are begun again count.
 */
export function settleOnceLeft(state: NetworkPolicyState): void {
  const owner = ownerOf({ ...state.meta, name: state.network });
  const leaving = (state.leaving ?? []).map(({ address }) => address);
  const seen = whoHasNames(owner) && new Set(successionsOn(owner).map(({ address }) => address));
  const isThere = (address: string): boolean => seen?.has(address) ?? true;
  const addresses = leaving.filter(isThere);
  const removed = leaving.filter((address) => !isThere(address));
  waitForLeaving(owner, { addresses, removed }, () => settle(state));
}

/** A state of which hosts may have either record: what is written next is written there whatever was before. */
export function unsettled(state: NetworkPolicyState): NetworkPolicyState {
  const hosts = toSettle(state).map(({ host }): [string, string[]] => [host.name, [KNOWS_LEAVING]]);
  return hosts.length === 0
    ? state
    : { ...state, problems: { ...Object.fromEntries(hosts), ...state.problems } };
}

const KNOWS_LEAVING = "it may know replaced containers";

/** Hosts whose record changes once they are gone, each with the one that stays. */
function toSettle(state: NetworkPolicyState): RecordWork[] {
  const inputs = inputsOf(state);
  const before = workOn(policyRecord, inputs, state.generation, true);
  return workOn(policyRecord, inputs, state.generation).filter(
    ({ record }, index) => record.text !== before[index]?.record.text,
  );
}

async function settle(state: NetworkPolicyState): Promise<void> {
  const failures = failuresOf(
    await onEach(toSettle(state), "written on", ({ runtime, record }) => runtime.putRecord(record)),
  );
  if (failures.length === 0) return;
  const { notChanged } = policyRecord.words(state);
  if (!failures.every(({ error }) => isUnreachable(error))) throw combined(notChanged, failures);
  const names = failures.map(({ work: { host } }) => host.name).join(", ");
  await warn(
    `host ${names} cannot be reached: the policy of network ${state.networkId} knows replaced containers there until it changes`,
  );
}
