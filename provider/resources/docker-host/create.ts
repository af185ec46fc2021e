import type { CreateResult } from "../../lifecycle.js";
import type { DockerHostInputs, DockerHostState } from "./inputs.js";
import { prepareHost } from "./prepare.js";

/** Makes the host ready; it is the machine that exists, so there is nothing to lose when this fails half-way. */
export async function create(inputs: DockerHostInputs): Promise<CreateResult<DockerHostState>> {
  const facts = await prepareHost(inputs);
  return { id: inputs.access.name, outs: { ...inputs, facts } };
}
