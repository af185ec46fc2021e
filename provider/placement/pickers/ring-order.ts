import type { HostState } from "../host-state.js";
import { Draw, DRAWS, shuffleRank } from "../strategies/draw.js";

/** The hosts as a ring: shuffled once by the seed, ties in the plan's order. */
export function makeRing(hosts: readonly HostState[], seed: string): HostState[] {
  return hosts
    .map((host) => ({ host, at: shuffleRank(seed, host.name) }))
    .sort((a, b) => a.at - b.at || a.host.rank - b.host.rank)
    .map(({ host }) => host);
}

/** All hosts of a ring in the random order of one request: the draws, then round the ring. */
export function* drawOrder(
  ring: readonly HostState[],
  seed: string,
  name: string,
): Generator<HostState> {
  const draw = new Draw(seed, name, ring.length);
  const drawn = new Set<HostState>();
  for (let attempt = 0; attempt < DRAWS; attempt++) {
    const host = ring[draw.at(attempt)];
    if (!host || drawn.has(host)) continue;
    drawn.add(host);
    yield host;
  }
  for (let step = 0; step < ring.length; step++) {
    const host = ring[(draw.walkFrom + step) % ring.length];
    if (host && !drawn.has(host)) yield host;
  }
}
