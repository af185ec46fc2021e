import { changedKeys } from "../../canonical.js";
import type { DiffResult } from "../../lifecycle.js";
import type { NetworkNamesInputs, NetworkNamesState } from "./inputs.js";
import { STATE_KEYS } from "./state.js";

/** Pure. Never a replacement: the names can be written anew wherever the network is. */
export async function diff(
  _id: string,
  olds: NetworkNamesState,
  news: NetworkNamesInputs,
): Promise<DiffResult> {
  const changed = changedKeys(olds, news, ["meta", ...STATE_KEYS]);
  const broken = Object.keys(olds.problems ?? {}).length > 0;
  return { changes: changed.length > 0 || broken, replaces: [] };
}
