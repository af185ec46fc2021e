import type { Ask } from "./constraints/constraint.js";
import type { HostState } from "./host-state.js";
import { BandPicker } from "./pickers/band.js";
import { HeapPicker } from "./pickers/heap.js";
import type { Accepts, Picker } from "./pickers/picker.js";
import { makeRing } from "./pickers/ring-order.js";
import { RingPicker } from "./pickers/ring.js";
import { ScanPicker } from "./pickers/scan.js";
import type { Ordering } from "./strategies/index.js";

/** What a picker is made for: requests that are equal in all that placement looks at. */
export interface PickerJob {
  readonly hosts: readonly HostState[];
  readonly ordering: Ordering;
  readonly accepts: Accepts;
  /** One of the requests. */
  readonly ask: Ask;
  /** How many there are. */
  readonly equals: number;
  /** True: a host that was refused may be accepted later. */
  readonly mayRelent: boolean;
  readonly journal: readonly HostState[];
}

/** Chooses how hosts are looked through. The tests pass one that always scans. */
export type MakePicker = (job: PickerJob) => Picker;

/** A heap, a ring or bands of rings for requests that have equals, else a scan: each costs a look at every host once. */
export const fastPicker: MakePicker = (job) => {
  const { hosts, ordering, accepts, ask, equals, mayRelent } = job;
  const { strategies, last } = ordering;
  if (equals > 1 && last.kind === "name") {
    const changesFreely = strategies.some(({ changes }) => changes === "freely");
    const journal = mayRelent || changesFreely ? job.journal : undefined;
    return new HeapPicker(hosts, ordering, accepts, ask, journal);
  }
  const [first, ...others] = strategies;
  const hasBands = first?.changes === "never" && others.length === 0;
  if (equals > 1 && last.kind === "random" && (!first || hasBands)) {
    const draw = drawing(hosts, { ...ordering, strategies: [] }, last.seed, mayRelent);
    return first ? new BandPicker(hosts, first, ask, accepts, draw) : draw(accepts);
  }
  return new ScanPicker(hosts, ordering, accepts);
};

/** Draws among hosts. A ring forgets who refused, so that where they may accept later a scan looks at all on its way. */
function drawing(
  hosts: readonly HostState[],
  order: Ordering,
  seed: string,
  mayRelent: boolean,
): (accepts: Accepts) => Picker {
  if (mayRelent) return (accepts) => new ScanPicker(hosts, order, accepts);
  const ring = makeRing(hosts, seed);
  return (accepts) => new RingPicker(ring, seed, accepts);
}
