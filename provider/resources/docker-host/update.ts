import { warn } from "../../progress.js";
import type { DockerHostInputs, DockerHostState } from "./inputs.js";
import { prepareHost } from "./prepare.js";
import { strangerWarning } from "./read.js";

/** The same as create: what is in place stays as it is. */
export async function update(
  _id: string,
  olds: DockerHostState,
  news: DockerHostInputs,
): Promise<{ outs: DockerHostState }> {
  const facts = await prepareHost(news);
  const stranger = strangerWarning(news.access.name, olds.facts, facts);
  if (stranger) await warn(stranger);
  return { outs: { ...olds, ...news, facts } };
}
