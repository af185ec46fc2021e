import type { Lifecycle } from "../../lifecycle.js";
import { check } from "./check.js";
import { create } from "./create.js";
import { remove } from "./delete.js";
import { diff } from "./diff.js";
import type { NetworkPolicyInputs, NetworkPolicyState } from "./inputs.js";
import { read } from "./read.js";
import { update } from "./update.js";

/** The verbs of NetworkPolicy. */
export const networkPolicyLifecycle: Lifecycle<NetworkPolicyInputs, NetworkPolicyState> = {
  check,
  diff,
  create,
  read,
  update,
  delete: remove,
};
