import { randomBytes } from "node:crypto";
import { same } from "../../canonical.js";
import { wayTo } from "../../host/lost-hosts.js";
import { ownerOf } from "../../host/ownership.js";
import { warn } from "../../progress.js";
import { partialFailure } from "../../wrap.js";
import { failuresOf, onEach, problemsOf, statusOf } from "../each-host.js";
import { noteJoins } from "../network-joins.js";
import { servingAt } from "../successions.js";
import { canWait } from "../unreachable-member.js";
import { joinsAfter } from "./diff.js";
import type { VirtualNetworkInputs, VirtualNetworkState } from "./inputs.js";
import { leavingOf } from "./leaving.js";
import {
  factsFrom,
  introduceEach,
  leaveEach,
  moveTraffic,
  workOn,
  type HostWork,
} from "./on-hosts.js";
import { inputsOf, stateOf } from "./state.js";
import { takeBack } from "./take-back.js";

/**
 * Brings every host to its new part: joins, repairs, names only, or nothing at all where nothing changed. Hosts that
 * are no longer in the network are left, once no container is on them.
 *
 * A name whose container is replaced leads to the old one until the new one is ready and takes it over itself
 * (placed-container/hand-over.ts).
 *
 * A member that cannot be reached does not hold up the others: what runs there goes on with what it has, the user is
 * warned, and as the state notes it as a problem, every preview shows an update until an up has reached the host.
 */
export async function update(
  id: string,
  olds: VirtualNetworkState,
  wanted: VirtualNetworkInputs,
): Promise<{ outs: VirtualNetworkState }> {
  const { generation } = olds;
  const before = new Map(
    workOn(inputsOf(olds), olds.facts, generation).map((work) => [work.host.name, work]),
  );
  const { now: leaving, later } = await leavingOf([...before.values()], wanted.hosts);
  const news = { ...wanted, hosts: [...wanted.hosts, ...later.map(({ host }) => host)] };
  const strangers = workOn(news, {}, generation);
  const introduced = await introduceEach(
    strangers.filter(({ runtime }) => runtime.introduces),
    ({ host }) => !before.has(host.name),
  );
  const known = keptFacts(olds, news);
  const facts = factsFrom(introduced, known);
  const works = workOn(news, facts, generation, ({ connection }) =>
    servingAt(ownerOf(news.meta), connection),
  );
  const staying = new Set(works.map(({ host }) => host.name));

  // One that goes on under another name keeps what it has until it is told anew.
  const machines = new Set([...before.values()].map(({ host }) => wayTo(host.connection)));
  const isNewcomer = ({ host }: HostWork): boolean =>
    !before.has(host.name) && !machines.has(wayTo(host.connection));
  const touched = works.filter((work) => stepFor(work, before, olds) !== "nothing");
  const [joined, left] = await Promise.all([
    onEach(touched, "updated", async (work) => {
      const { runtime, part } = work;
      if (stepFor(work, before, olds) === "join") {
        await runtime.prepare(part);
        const joining = isNewcomer(work) ? { ...part, newcomer: true as const } : part;
        return (await runtime.join(joining)).dockerId;
      }
      await runtime.rename(part);
      return olds.dockerIds[work.host.name] ?? "";
    }),
    leaveEach(leaving, false),
  ]);

  const moved =
    failuresOf(joined).length === 0 && failuresOf(introduced).length === 0 && touched.length > 0
      ? await moveTraffic(works)
      : [];
  await takeBack(
    joined.flatMap(({ work, error }) => (error === undefined ? [work] : [])),
    left.flatMap(({ work, error }) => (error === undefined ? [work] : [])),
  );
  const dockerIds: Record<string, string> = {};
  for (const { host } of works) {
    const known = olds.dockerIds[host.name];
    if (known !== undefined) dockerIds[host.name] = known;
  }
  for (const { work, value } of joined) if (value !== undefined) dockerIds[work.host.name] = value;

  const failures = [...introduced, ...joined, ...moved, ...left].filter(
    ({ error }) => error !== undefined,
  );
  const remaining = failuresOf(left).map(({ work }) => work.host);
  const problems = {
    ...problemsOf(introduced),
    ...problemsOf(moved),
    ...problemsOf(joined),
    ...problemsOf(left),
    ...Object.fromEntries(later.map(({ host }) => [host.name, [LEAVES_LATER]])),
  };
  if (later.length > 0)
    await warn(
      `containers are still on ${later.map(({ host }) => host.name).join(", ")}: network ${news.networkId} ` +
        `leaves there with the next up, once they are gone`,
    );
  const hosts = [...news.hosts, ...remaining];
  const joins = joinsAfter(olds, { hosts }, randomBytes(4).toString("hex"));
  noteJoins(ownerOf(news.meta), joins);
  const outs = stateOf(news, dockerIds, problems, hosts, facts, generation, joins);
  if (failures.length === 0) return { outs };
  const silent = new Set(failures.map(({ work }) => work.host.name));
  const others = touched.filter(({ host }) => !silent.has(host.name));
  const movesTraffic = others.some(
    (work) => work.runtime.hasSteps && stepFor(work, before, olds) === "join",
  );
  // Traffic moves in steps that all hosts take together: then only a host that was given up may be missing.
  const waits = ({ work: { host }, error }: (typeof failures)[number]): boolean =>
    staying.has(host.name) &&
    canWait(host.connection, error, {
      tookPart: olds.dockerIds[host.name] !== undefined && !movesTraffic,
    });
  if (failures.every(waits)) {
    const names = [...silent].join(", ");
    await warn(
      `host ${names} cannot be reached: network ${news.networkId} is brought up to date there by the first up that reaches it`,
    );
    return { outs };
  }
  throw partialFailure(id, wanted, outs, [
    `network ${news.networkId} was not updated on all hosts; the next up finishes it`,
    ...statusOf(
      introduced.filter(({ error }) => error !== undefined),
      "done",
    ),
    ...statusOf([...joined, ...moved, ...left], "done"),
  ]);
}

const LEAVES_LATER = "leaves once its containers are gone";

/** What is known of the hosts that stay. */
function keptFacts(olds: VirtualNetworkState, news: VirtualNetworkInputs) {
  const staying = new Set(news.hosts.map(({ name }) => name));
  return Object.fromEntries(Object.entries(olds.facts ?? {}).filter(([name]) => staying.has(name)));
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
