import type { NetworkPolicyInputs, NetworkPolicyState } from "./inputs.js";

/** Keys of the state that are not inputs. */
export const STATE_KEYS = ["generation", "problems"] as const;

export function stateOf(
  inputs: NetworkPolicyInputs,
  generation: string,
  problems: Record<string, string[]>,
): NetworkPolicyState {
  return { ...inputs, generation, ...(Object.keys(problems).length > 0 ? { problems } : {}) };
}

/** The inputs that a state was made from. */
export function inputsOf(state: NetworkPolicyState): NetworkPolicyInputs {
  const { generation: _generation, problems: _problems, ...inputs } = state;
  return inputs;
}
