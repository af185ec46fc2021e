import type { Lifecycle } from "../../lifecycle.js";
import { check } from "./check.js";
import { create } from "./create.js";
import { remove } from "./delete.js";
import { diff } from "./diff.js";
import type { NetworkNamesInputs, NetworkNamesState } from "./inputs.js";
import { read } from "./read.js";
import { update } from "./update.js";

/** The verbs of NetworkNames. */
export const networkNamesLifecycle: Lifecycle<NetworkNamesInputs, NetworkNamesState> = {
  check,
  diff,
  create,
  read,
  update,
  delete: remove,
};
