import type { Lifecycle } from "../../lifecycle.js";
import { create } from "./create.js";
import { remove } from "./delete.js";
import { diff } from "./diff.js";
import type { RecordInputs, RecordKind, RecordState } from "./inputs.js";
import { read } from "./read.js";
import { update } from "./update.js";

/** The verbs of a resource that the hosts of a network keep as a record. */
export function recordLifecycle<Inputs extends RecordInputs>(
  kind: RecordKind<Inputs>,
  check: Lifecycle<Inputs, RecordState<Inputs>>["check"],
): Lifecycle<Inputs, RecordState<Inputs>> {
  return {
    check,
    diff,
    create: (inputs) => create(kind, inputs),
    read: (id, state) => read(kind, id, state),
    update: (id, olds, news) => update(kind, id, olds, news),
    delete: (_id, state) => remove(kind, state),
  };
}
