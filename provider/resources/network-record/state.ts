import type { RecordInputs, RecordState } from "./inputs.js";

/** Keys of the state that are not inputs. */
export const STATE_KEYS = ["generation", "problems"] as const;

export function stateOf<Inputs extends RecordInputs>(
  inputs: Inputs,
  generation: string,
  problems: Record<string, string[]>,
): RecordState<Inputs> {
  return { ...inputs, generation, ...(Object.keys(problems).length > 0 ? { problems } : {}) };
}

/** The inputs that a state was made from. */
export function inputsOf<Inputs extends RecordInputs>(state: RecordState<Inputs>): Inputs {
  const { generation: _generation, problems: _problems, ...inputs } = state;
  return inputs as unknown as Inputs;
}
