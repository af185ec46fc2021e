import { same } from "../../canonical.js";
import { isUnreachable } from "../../errors.js";
import { isGivenUp } from "../../host/lost-hosts.js";
import { warn } from "../../progress.js";
import { partialFailure } from "../../wrap.js";
import type { VirtualNetworkInputs, VirtualNetworkState } from "./inputs.js";
import {
  failuresOf,
  leaveEach,
  onEach,
  problemsOf,
  statusOf,
  workOn,
  type HostWork,
} from "./on-hosts.js";
import { inputsOf, stateOf } from "./state.js";

/**
 * Brings every host to its new part: joins, repairs, names only, or nothing at all where nothing changed. Hosts that
 * are no longer in the network are left.
 */
export async function update(
  id: string,
  olds: VirtualNetworkState,
  news: VirtualNetworkInputs,
): Promise<{ outs: VirtualNetworkState }> {
  const before = new Map(workOn(inputsOf(olds)).map((work) => [work.host.name, work]));
  const works = workOn(news);
  const staying = new Set(works.map(({ host }) => host.name));
  const leaving = [...before.values()].filter(({ host }) => !staying.has(host.name));

  const touched = works.filter((work) => stepFor(work, before, olds) !== "nothing");
  const [joined, left] = await Promise.all([
    onEach(touched, "updated", async (work) => {
      const { runtime, part } = work;
      if (stepFor(work, before, olds) === "join") {
        await runtime.prepare();
        return (await runtime.join(part)).dockerId;
      }
      await runtime.rename(part);
      return olds.dockerIds[work.host.name] ?? "";
    }),
    leaveEach(leaving),
  ]);

  const dockerIds: Record<string, string> = {};
  for (const { host } of works) {
    const known = olds.dockerIds[host.name];
    if (known !== undefined) dockerIds[host.name] = known;
  }
  for (const { work, value } of joined) if (value !== undefined) dockerIds[work.host.name] = value;

  const failures = [...failuresOf(joined), ...failuresOf(left)];
  const remaining = failuresOf(left).map(({ work }) => work.host);
  const problems = { ...problemsOf(joined), ...problemsOf(left) };
  const outs = stateOf(news, dockerIds, problems, [...news.hosts, ...remaining]);
  if (failures.length === 0) return { outs };
  if (
    failures.every(({ work, error }) => isUnreachable(error) && isGivenUp(work.host.connection))
  ) {
    const names = failures.map(({ work }) => work.host.name).join(", ");
    await warn(
      `host ${names} cannot be reached: network ${news.networkId} is brought up to date there by the first up that reaches it`,
    );
    return { outs };
  }
  throw partialFailure(id, news, outs, [
    `network ${news.networkId} was not updated on all hosts; the next up finishes it`,
    ...statusOf([...joined, ...left], "done"),
  ]);
}

type Step = "nothing" | "names" | "join";

/** A host is touched only when its part differs, or when something was wrong with it. */
function stepFor(
  { host, part }: HostWork,
  before: ReadonlyMap<string, HostWork>,
  olds: VirtualNetworkState,
): Step {
  const old = before.get(host.name)?.part;
  if (!old || olds.problems?.[host.name] || olds.dockerIds[host.name] === undefined) return "join";
  if (same(old, part)) return "nothing";
  return same({ ...old, names: "" }, { ...part, names: "" }) ? "names" : "join";
}
