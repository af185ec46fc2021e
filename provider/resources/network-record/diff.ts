import { changedKeys } from "../../canonical.js";
import type { DiffResult } from "../../lifecycle.js";
import { isUnknown } from "../../unknown.js";
import { showRestore } from "../restore-row.js";
import type { RecordInputs, RecordState } from "./inputs.js";
import { rejoined, STATE_KEYS } from "./state.js";

const CAME_BACK = "it has left the network and come back";

/**
 * A record is exchanged in place, under the traffic, wherever the network is. But a network that is deleted takes its
 * records along: the engine asks before it replaces one, with all that comes from the network unknown. The program always
 * says which network it is, so its id is unknown in that question alone.
 */
export async function diff<Inputs extends RecordInputs>(
  _id: string,
  olds: RecordState<Inputs>,
  news: Inputs,
): Promise<DiffResult> {
  if (isUnknown(news.networkId)) return { replaces: ["networkId"], deleteBeforeReplace: true };
  const changed = changedKeys(olds, news, ["meta", ...STATE_KEYS]);
  const lost = rejoined(olds).map((host): [string, string[]] => [host, [CAME_BACK]]);
  const problems = { ...Object.fromEntries(lost), ...olds.problems };
  const broken = Object.keys(problems).length > 0;
  showRestore(problems);
  return { changes: changed.length > 0 || broken, replaces: [] };
}
