import type { Ask } from "./constraints/index.js";
import type { VolumeMap } from "./constraints/volumes.js";
import type { Pick } from "./pickers/picker.js";
import type { Ordering } from "./strategies/index.js";

/** Why this host won, as one short sentence for a row of the preview, and its score. */
export function judge(
  ordering: Ordering,
  ask: Ask,
  pick: Pick,
  context: { volumes: VolumeMap; hosts: number },
): { reason: string; score: number } {
  const { winner, next } = pick;
  const volume = ask.request.volumes.find((name) => context.volumes.holdersOf(name)?.has(winner));
  if (volume !== undefined) return { reason: `its volume ${volume} is here`, score: 0 };
  if (ask.folderHome) return { reason: `its folder ${ask.folderHome.folder} is here`, score: 0 };
  if (ask.request.constraints.some((spec) => spec.kind === "host")) {
    return { reason: `pinned to ${winner.name}`, score: 0 };
  }
  if (!next) return { reason: "the only host that fits", score: 0 };
  const [first] = ordering.strategies;
  const score = first?.score(ask, winner) ?? 0;
  for (const strategy of ordering.strategies) {
    if (strategy.key(ask, winner) !== strategy.key(ask, next)) {
      return { reason: strategy.better(ask, winner, next), score };
    }
  }
  if (ordering.last.kind === "random") {
    const drawn = `drawn by its name`;
    return first
      ? { reason: `${first.equal(ask, winner, next)}; ${drawn}`, score }
      : { reason: `random: ${drawn} from ${context.hosts} hosts`, score };
  }
  return first
    ? { reason: `${first.equal(ask, winner, next)}; first by name`, score }
    : { reason: "depth first: the first by name with room", score };
}
