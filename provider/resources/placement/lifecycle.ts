import { observeHosts } from "../../host/observe.js";
import { ownerOf } from "../../host/ownership.js";
import type { Lifecycle } from "../../lifecycle.js";
import { inform, warn } from "../../progress.js";
import { makeCheck, type PlanWorld } from "./check.js";
import { diff } from "./diff.js";
import type { PlacementInputs, PlacementState } from "./inputs.js";
import { removeAllLeftovers, removeLeftover, removeLeftovers } from "./leftovers.js";

/** The verbs of the plan over a given world. All but `check` keep what it decided; `update` and `delete` clear what was lost. */
export function makePlacementLifecycle(
  world: PlanWorld,
): Lifecycle<PlacementInputs, PlacementState> {
  return {
    check: makeCheck(world),
    diff,
    create: async (inputs) => ({ id: ownerOf(inputs.meta), outs: inputs }),
    read: async (id, state) => ({ id, props: state, inputs: state }),
    update: async (_id, olds, news) => {
      await removeLeftovers(world, olds, news);
      return { outs: news };
    },
    delete: (_id, state) => removeAllLeftovers(world, state),
  };
}

/** The verbs of Placement. */
export const placementLifecycle = makePlacementLifecycle({
  observe: observeHosts,
  warn,
  inform,
  removeLeftover,
});
