import { changedKeys } from "../../canonical.js";
import type { DiffResult } from "../../lifecycle.js";
import type { RecordInputs, RecordState } from "./inputs.js";
import { STATE_KEYS } from "./state.js";

/** Pure. Never a replacement: a record is exchanged in place, under the traffic, wherever the network is. */
export async function diff<Inputs extends RecordInputs>(
  _id: string,
  olds: RecordState<Inputs>,
  news: Inputs,
): Promise<DiffResult> {
  const changed = changedKeys(olds, news, ["meta", ...STATE_KEYS]);
  const broken = Object.keys(olds.problems ?? {}).length > 0;
  return { changes: changed.length > 0 || broken, replaces: [] };
}
