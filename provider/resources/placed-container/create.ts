import type { CreateResult } from "../../lifecycle.js";
import { warn } from "../../progress.js";
import { ensureContainer, newGeneration } from "./ensure.js";
import type { PlacedContainerInputs, PlacedContainerState } from "./inputs.js";
import { containerNameOf } from "./names.js";
import { operationSignal } from "./time-limit.js";

/** Makes the container, or adopts what an earlier creation left of it. The id is its Docker name. */
export async function create(
  inputs: PlacedContainerInputs,
): Promise<CreateResult<PlacedContainerState>> {
  const generation = newGeneration();
  const visible = Object.keys(inputs.spec.secretEnv).sort();
  if (visible.length > 0) {
    await warn(
      `secretEnv ${visible.join(", ")}: whoever may run docker on ${inputs.place.host} can read it; secrets are not shown`,
      inputs.meta,
    );
  }
  const outs = await ensureContainer(inputs, generation, operationSignal("create", inputs));
  return { id: containerNameOf(inputs.meta, generation), outs };
}
