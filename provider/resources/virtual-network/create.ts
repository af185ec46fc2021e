import { randomBytes } from "node:crypto";
import { isConflict } from "../../errors.js";
import { ownerOf } from "../../host/ownership.js";
import type { CreateResult } from "../../lifecycle.js";
import { dockerNetworkName } from "../../network/names.js";
import { compareNames } from "../../placement/index.js";
import { partialFailure } from "../../wrap.js";
import { noteJoins } from "../network-joins.js";
import type { VirtualNetworkInputs, VirtualNetworkState } from "./inputs.js";
import {
  combined,
  failuresOf,
  onEach,
  type Outcome,
  problemsOf,
  statusOf,
  untouched,
} from "../each-host.js";
import { factsFrom, type HostWork, introduceEach, leaveEach, workOn } from "./on-hosts.js";
import { stateOf } from "./state.js";

/**
 * Makes the network on all hosts at once. What an interrupted create left of it is taken over, since a join repairs
 * whatever it finds under our owner label. So does one that replaces a network which is still there: its hosts note the
 * new generation, and the deletion of the old state leaves them alone.
 */
export async function create(
  inputs: VirtualNetworkInputs,
): Promise<CreateResult<VirtualNetworkState>> {
  const id = dockerNetworkName(inputs.networkId, inputs.vni);
  const generation = randomBytes(4).toString("hex");
  noteJoins(ownerOf(inputs.meta), {});
  const strangers = workOn(inputs, {}, generation);
  const prepared = await onEach(strangers, "looked at", ({ runtime, part }) =>
    runtime.prepare(part),
  );
  if (failuresOf(prepared).length > 0)
    throw combined(`network ${inputs.networkId} cannot be made on all its hosts`, prepared);
  const introduced = await introduceEach(strangers);
  if (failuresOf(introduced).length > 0) {
    const kept = failuresOf(await leaveEach(strangers, true));
    if (kept.length === 0)
      throw combined(`network ${inputs.networkId} cannot be made on all its hosts`, introduced);
    // What a host may still hold has to be in the state, or nobody would come back to it.
    const problems = { ...problemsOf(kept), ...problemsOf(introduced) };
    throw partialFailure(
      id,
      inputs,
      stateOf(inputs, {}, problems, inputs.hosts, factsFrom(introduced), generation),
      [
        `network ${inputs.networkId} was made on no host, and what was begun is not gone from all; the next up finishes it`,
        ...statusOf(failuresOf(introduced), "introduced"),
        ...statusOf(kept, "left"),
      ],
    );
  }
  const facts = factsFrom(introduced);
  const works = workOn(inputs, facts, generation);
  const outcomes = await joinAll(works);
  const failures = failuresOf(outcomes);
  const dockerIds = Object.fromEntries(
    outcomes.flatMap(({ work, value }) => (value ? [[work.host.name, value.dockerId]] : [])),
  );
  if (failures.length === 0)
    return { id, outs: stateOf(inputs, dockerIds, {}, inputs.hosts, facts, generation) };
  if (failures.some(({ error }) => isConflict(error))) {
    // Something else has the addresses or names: that is a refusal, and a refusal leaves nothing behind.
    const made = works.filter(({ host, runtime }) => host.name in dockerIds || runtime.introduces);
    const kept = failuresOf(await leaveEach(made, true));
    if (kept.length === 0 && failures.every(({ error }) => untouched(error)))
      throw combined(`network ${inputs.networkId} was refused`, failures);
  } else if (failures.length === works.length && failures.every(({ error }) => untouched(error))) {
    throw combined(`network ${inputs.networkId} could not be made on any host`, failures);
  }
  throw partialFailure(
    id,
    inputs,
    stateOf(inputs, dockerIds, problemsOf(outcomes), inputs.hosts, facts, generation),
    [
      `network ${inputs.networkId} was made on ${works.length - failures.length} of ${works.length} hosts; the next up finishes it`,
      ...statusOf(outcomes, "joined"),
    ],
  );
}

/**
 * The first host by name decides for all: of two stacks that want the same addresses at once, one gets them everywhere,
 * and the other is refused before it has made anything.
 */
async function joinAll(
  works: readonly HostWork[],
): Promise<Outcome<{ dockerId: string }, HostWork>[]> {
  const join =
    (isFirst: boolean) =>
    ({ runtime, part }: HostWork) =>
      runtime.join(part, isFirst);
  const [first, ...rest] = [...works].sort((a, b) => compareNames(a.host.name, b.host.name));
  if (!first) return [];
  const decided = await onEach([first], "joined", join(true));
  if (failuresOf(decided).some(({ error }) => isConflict(error))) return decided;
  return [...decided, ...(await onEach(rest, "joined", join(false)))];
}
