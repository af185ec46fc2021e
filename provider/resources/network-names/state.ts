import type { NetworkNamesInputs, NetworkNamesState } from "./inputs.js";

/** Keys of the state that are not inputs. */
export const STATE_KEYS = ["generation", "problems"] as const;

export function stateOf(
  inputs: NetworkNamesInputs,
  generation: string,
  problems: Record<string, string[]>,
): NetworkNamesState {
  return { ...inputs, generation, ...(Object.keys(problems).length > 0 ? { problems } : {}) };
}

/** The inputs that a state was made from. */
export function inputsOf(state: NetworkNamesState): NetworkNamesInputs {
  const { generation: _generation, problems: _problems, ...inputs } = state;
  return inputs;
}
