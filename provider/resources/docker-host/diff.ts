import { changedKeys } from "../../canonical.js";
import type { DiffResult } from "../../lifecycle.js";
import type { DockerHostInputs, DockerHostState } from "./inputs.js";

/** Every change of a host is an update: what lives on it stays. The name of the resource decides who it is. */
export async function diff(
  _id: string,
  olds: DockerHostState,
  news: DockerHostInputs,
): Promise<DiffResult> {
  // `{}` lets the engine compare the inputs itself, which gives the better preview.
  return changedKeys(olds, news, ["meta", "facts"]).length > 0 ? {} : { changes: false };
}
