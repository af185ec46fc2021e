import type { Lifecycle } from "../../lifecycle.js";
import { check } from "./check.js";
import { create } from "./create.js";
import { remove } from "./delete.js";
import { diff } from "./diff.js";
import type { VirtualNetworkInputs, VirtualNetworkState } from "./inputs.js";
import { read } from "./read.js";
import { update } from "./update.js";

/** The verbs of VirtualNetwork. */
export const virtualNetworkLifecycle: Lifecycle<VirtualNetworkInputs, VirtualNetworkState> = {
  check,
  diff,
  create,
  read,
  update,
  delete: remove,
};
