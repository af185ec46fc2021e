import type { Ask } from "./constraints/constraint.js";
import type { HostState } from "./host-state.js";
import { HeapPicker } from "./pickers/heap.js";
import type { Accepts, Picker } from "./pickers/picker.js";
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

/** A heap or a ring for requests that have equals, else a scan: each costs a look at every host once. */
export const fastPicker: MakePicker = (job) => {
  const { hosts, ordering, accepts, ask, equals, mayRelent } = job;
  if (equals > 1 && ordering.last.kind === "name") {
    const changesFreely = ordering.strategies.some(({ changes }) => changes === "freely");
    const journal = mayRelent || changesFreely ? job.journal : undefined;
    return new HeapPicker(hosts, ordering, accepts, ask, journal);
  }
  if (
    equals > 1 &&
    !mayRelent &&
    ordering.last.kind === "random" &&
    ordering.strategies.length === 0
  ) {
    return new RingPicker(hosts, ordering.last.seed, accepts);
  }
  return new ScanPicker(hosts, ordering, accepts);
};
