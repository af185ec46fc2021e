import type { Lifecycle } from "../../lifecycle.js";
import { check } from "./check.js";
import { create } from "./create.js";
import { remove } from "./delete.js";
import { diff } from "./diff.js";
import type { DockerHostInputs, DockerHostState } from "./inputs.js";
import { read } from "./read.js";
import { update } from "./update.js";

/** A machine that is made ready to run containers. */
export const dockerHostLifecycle: Lifecycle<DockerHostInputs, DockerHostState> = {
  check,
  diff,
  create,
  read,
  update,
  delete: remove,
};
