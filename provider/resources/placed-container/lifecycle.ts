import type { Lifecycle } from "../../lifecycle.js";
import { check } from "./check.js";
import { create } from "./create.js";
import { remove } from "./delete.js";
import { diff } from "./diff.js";
import type { PlacedContainerInputs, PlacedContainerState } from "./inputs.js";
import { read } from "./read.js";
import { update } from "./update.js";

/** One container on the host and at the addresses that the plan chose. */
export const placedContainerLifecycle: Lifecycle<PlacedContainerInputs, PlacedContainerState> = {
  check,
  diff,
  create,
  read,
  update,
  delete: remove,
};
