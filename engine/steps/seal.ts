import type { ResourceState } from "../state/model.js";
import { isSecret, makeSecret } from "../values/wire.js";

/**
 * The one place where outputs become secret: those listed in additionalSecretOutputs, and those whose same-named input is a
 * secret. Every step that has a new state passes here before anything of it is written or shown.
 */
export function sealOutputs(state: ResourceState): void {
  const { outputs, inputs } = state;
  if (outputs === undefined) return;
  let sealed = outputs;
  const seal = (key: string): void => {
    if (isSecret(sealed[key]) || !(key in sealed)) return;
    if (sealed === outputs) sealed = { ...outputs };
    sealed[key] = makeSecret(sealed[key]);
  };
  for (const key of state.additionalSecretOutputs ?? []) if (key !== "id") seal(key);
  for (const key in inputs) if (isSecret(inputs[key])) seal(key);
  state.outputs = sealed;
}
