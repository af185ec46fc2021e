import type { ReadResult } from "../../lifecycle.js";
import { warn } from "../../progress.js";
import { readFacts } from "./facts.js";
import type { DockerHostInputs, DockerHostState, HostFacts } from "./inputs.js";

/** Refreshes the facts. A host that cannot be reached is an error, never absent: its state stays as it is. */
export async function read(
  id: string,
  state: DockerHostState,
): Promise<ReadResult<DockerHostInputs, DockerHostState>> {
  const facts = await readFacts(state.access);
  const stranger = strangerWarning(state.access.name, state.facts, facts);
  if (stranger) await warn(stranger);
  return { id, props: { ...state, facts } };
}

/** Another daemon than last time answers: reinstalled, or another machine has taken the address. */
export function strangerWarning(
  name: string,
  before: HostFacts,
  now: HostFacts,
): string | undefined {
  if (before.engineId === "" || before.engineId === now.engineId) return undefined;
  return (
    `host ${name}: another Docker Engine answers than before (${now.engineId} on ${now.hostname}, was ${before.engineId} on ` +
    `${before.hostname}): the machine was reinstalled or replaced, and what ran on it is gone. Run pulumi refresh.`
  );
}
