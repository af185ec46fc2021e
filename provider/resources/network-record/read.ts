import type { ReadResult } from "../../lifecycle.js";
import { combined, failuresOf, onEach } from "../each-host.js";
import type { RecordInputs, RecordKind, RecordState } from "./inputs.js";
import { workOn } from "./on-hosts.js";
import { inputsOf, stateOf } from "./state.js";

/**
 * Compares every host with the state. A host that differs is left out of the inputs, so the next preview shows it and
 * the next up repairs it. Unreachable is never absent.
 */
export async function read<Inputs extends RecordInputs>(
  kind: RecordKind<Inputs>,
  id: string,
  state: RecordState<Inputs>,
): Promise<ReadResult<Inputs, RecordState<Inputs>>> {
  const inputs = inputsOf(state);
  const works = workOn(kind, inputs, state.generation);
  const outcomes = await onEach(works, "observed", ({ runtime, record }) =>
    runtime.observeRecord(record),
  );
  if (failuresOf(outcomes).length > 0) throw combined(kind.words(inputs).notObserved, outcomes);
  if (outcomes.length > 0 && outcomes.every(({ value }) => value?.absent === true)) return {};
  const problems = Object.fromEntries(
    outcomes.flatMap(({ work, value }) =>
      value && value.differs.length > 0 ? [[work.host.name, value.differs]] : [],
    ),
  );
  return {
    id,
    props: stateOf(inputs, state.generation, problems, state.joins),
    inputs: { ...inputs, hosts: inputs.hosts.filter(({ name }) => !(name in problems)) },
  };
}
