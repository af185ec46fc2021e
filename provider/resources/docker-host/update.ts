import { same } from "../../canonical.js";
import { isUnreachable } from "../../errors.js";
import { withoutPolicies } from "../../host/connection.js";
import { warn } from "../../progress.js";
import type { DockerHostInputs, DockerHostState, HostFacts } from "./inputs.js";
import { prepareHost } from "./prepare.js";
import { strangerWarning } from "./read.js";

/** The same as create: what is in place stays as it is. */
export async function update(
  _id: string,
  olds: DockerHostState,
  news: DockerHostInputs,
): Promise<{ outs: DockerHostState }> {
  let facts: HostFacts;
  try {
    facts = await prepareHost(news);
  } catch (error) {
    if (!isUnreachable(error) || !isForgotten(olds, news)) throw error;
    await warn(
      `host ${news.access.name} cannot be reached: what the program says of it is noted, nothing was done there`,
    );
    return { outs: { ...olds, ...news, facts: olds.facts } };
  }
  const stranger = strangerWarning(news.access.name, olds.facts, facts);
  if (stranger) await warn(stranger);
  return { outs: { ...olds, ...news, facts } };
}

/** It is given up by the program, and nothing else that it needs to be asked for has changed. */
function isForgotten(olds: DockerHostState, news: DockerHostInputs): boolean {
  return (
    news.access.whenUnreachable === "forget" &&
    same(withoutPolicies(olds.access), withoutPolicies(news.access)) &&
    same(olds.prepare, news.prepare)
  );
}
