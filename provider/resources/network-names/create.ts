import { randomBytes } from "node:crypto";
import type { CreateResult } from "../../lifecycle.js";
import { partialFailure } from "../../wrap.js";
import { combined, failuresOf, onEach, problemsOf, statusOf, untouched } from "../each-host.js";
import type { NetworkNamesInputs, NetworkNamesState } from "./inputs.js";
import { workOn } from "./on-hosts.js";
import { stateOf } from "./state.js";

/** Writes the names on all hosts at once. What an interrupted create left is written over: a plan has one file a host. */
export async function create(inputs: NetworkNamesInputs): Promise<CreateResult<NetworkNamesState>> {
  const generation = randomBytes(4).toString("hex");
  const id = `${inputs.networkId}/${inputs.plan}/${generation}`;
  const outcomes = await onEach(workOn(inputs, generation), "named on", ({ runtime, added }) =>
    runtime.addNames(added),
  );
  const failures = failuresOf(outcomes);
  if (failures.length === 0) return { id, outs: stateOf(inputs, generation, {}) };
  const what = `the names of plan ${inputs.plan} were not added to network ${inputs.networkId}`;
  if (failures.length === outcomes.length && failures.every(({ error }) => untouched(error)))
    throw combined(`${what} on any host`, failures);
  throw partialFailure(id, inputs, stateOf(inputs, generation, problemsOf(outcomes)), [
    `${what} on all hosts; the next up finishes it`,
    ...statusOf(outcomes, "named"),
  ]);
}
