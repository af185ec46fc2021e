import { dockerNetworkName } from "../../network/names.js";
import type { HostFacts } from "../../network/driver.js";
import type { NetworkHost, VirtualNetworkInputs, VirtualNetworkState } from "./inputs.js";

/** Keys of the state that are not inputs. */
export const STATE_KEYS = [
  "dockerIds",
  "dockerName",
  "facts",
  "generation",
  "joins",
  "problems",
] as const;

/** The state after an operation; `hosts` where they are not just the inputs' (some could not be left). */
export function stateOf(
  inputs: VirtualNetworkInputs,
  dockerIds: Record<string, string>,
  problems: Record<string, string[]>,
  hosts: NetworkHost[] = inputs.hosts,
  facts: Record<string, HostFacts> = {},
  generation?: string,
  joins: Record<string, string> = {},
): VirtualNetworkState {
  return {
    ...inputs,
    hosts,
    dockerIds,
    dockerName: dockerNetworkName(inputs.networkId, inputs.vni),
    ...(Object.keys(facts).length > 0 ? { facts } : {}),
    ...(generation === undefined ? {} : { generation }),
    ...(Object.keys(joins).length > 0 ? { joins } : {}),
    ...(Object.keys(problems).length > 0 ? { problems } : {}),
  };
}

/** The inputs that a state was made from. */
export function inputsOf(state: VirtualNetworkState): VirtualNetworkInputs {
  const {
    dockerIds: _ids,
    dockerName: _name,
    facts: _facts,
    generation: _generation,
    joins: _joins,
    problems: _problems,
    ...inputs
  } = state;
  return inputs;
}
