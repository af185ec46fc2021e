import { randomBytes } from "node:crypto";
import type { CreateResult } from "../../lifecycle.js";
import { partialFailure } from "../../wrap.js";
import { combined, failuresOf, onEach, problemsOf, statusOf, untouched } from "../each-host.js";
import type { RecordInputs, RecordKind, RecordState } from "./inputs.js";
import { isLate, warnOfLate } from "./late-host.js";
import { workOn } from "./on-hosts.js";
import { joinsNow, stateOf } from "./state.js";

/**
 * Gives the record to all hosts at once. What an interrupted create left is written over: each is one file on a host. All
 * hosts are in the network already, so one that cannot be reached now does not hold up the others, as in an update; if none can, it is a failure.
 */
export async function create<Inputs extends RecordInputs>(
  kind: RecordKind<Inputs>,
  inputs: Inputs,
): Promise<CreateResult<RecordState<Inputs>>> {
  const generation = randomBytes(4).toString("hex");
  const id = kind.idOf(inputs, generation);
  const { done, notMade, later } = kind.words(inputs);
  const works = workOn(kind, inputs, generation, true);
  const outcomes = await onEach(works, `${done} on`, ({ runtime, record }) =>
    runtime.putRecord(record),
  );
  const failures = failuresOf(outcomes);
  const joins = joinsNow(inputs);
  if (failures.length === 0) return { id, outs: stateOf(inputs, generation, {}, joins) };
  if (failures.length === outcomes.length && failures.every(({ error }) => untouched(error)))
    throw combined(`${notMade} on any host`, failures);
  const outs = stateOf(inputs, generation, problemsOf(outcomes), joins);
  if (failures.length < outcomes.length && failures.every((failure) => isLate(failure, true))) {
    await warnOfLate(failures, later);
    return { id, outs };
  }
  throw partialFailure(id, inputs, outs, [
    `${notMade} on all hosts; the next up finishes it`,
    ...statusOf(outcomes, done),
  ]);
}
