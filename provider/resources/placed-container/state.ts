import { messageOf } from "../../errors.js";
import type { ContainerInspect } from "../../host/docker-types.js";
import { LABELS } from "../../host/ownership.js";
import { partialFailure } from "../../wrap.js";
import type { PlacedContainerInputs, PlacedContainerState } from "./inputs.js";
import { plainName, stateOf } from "./observe.js";

type Status = PlacedContainerState["status"];

/** The state: what was asked for and what was found. No key but those of the contract, so that secrets stay marked. */
export function stateFor(inputs: PlacedContainerInputs, status: Status): PlacedContainerState {
  const { meta, cloud, spec, place } = inputs;
  return { meta, cloud, spec, place, status };
}

export function statusFor(
  details: ContainerInspect,
  generation: string,
  image: { imageId: string; imageDigest: string },
): Status {
  return {
    containerId: details.Id,
    containerName: plainName(details.Name),
    generation,
    specHash: details.Config.Labels?.[LABELS.spec] ?? "",
    imageId: image.imageId,
    imageDigest: image.imageDigest,
    state: stateOf(details),
  };
}

/** Keeps a container that exists in the state although its create or update failed. */
export function keepInState(
  id: string,
  inputs: PlacedContainerInputs,
  status: Status,
  error: unknown,
): Error {
  return partialFailure(id, inputs, stateFor(inputs, status), [messageOf(error)]);
}
