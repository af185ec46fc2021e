import { changedKeys } from "../../canonical.js";
import type { DiffResult } from "../../lifecycle.js";
import type { NetworkPolicyInputs, NetworkPolicyState } from "./inputs.js";
import { STATE_KEYS } from "./state.js";

/** Pure. Never a replacement: rules are exchanged in place, under the traffic. */
export async function diff(
  _id: string,
  olds: NetworkPolicyState,
  news: NetworkPolicyInputs,
): Promise<DiffResult> {
  const changed = changedKeys(olds, news, ["meta", ...STATE_KEYS]);
  const broken = Object.keys(olds.problems ?? {}).length > 0;
  return { changes: changed.length > 0 || broken, replaces: [] };
}
