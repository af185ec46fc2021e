import { printJson, table } from "../commands/table.js";
import type { CommonFlags } from "../commands/options.js";
import { CloudError } from "../../provider/errors.js";
import { observeHosts } from "../../provider/host/observe.js";
import { survivesAnyLoss, whatIf, type WhatIf } from "../../provider/placement/index.js";
import { listing } from "../../provider/placement/words.js";
import type { PlacementState } from "../../provider/resources/placement/inputs.js";
import {
  viewPlan,
  why,
  whyNot,
  whatToObserve,
  type PlanView,
} from "../../provider/resources/placement/why.js";
import { explanationText, survivalText, whatIfText } from "./plan-text.js";
import { cloudState, findContainer, type CloudState } from "./state.js";
import { readChanges } from "../../sdk/changes-text.js";

export interface PlanFlags extends CommonFlags {
  why?: string;
  /** A host, after the command's container; or a container and a host. */
  whyNot?: string[];
  whatIf?: string;
  /** --n-1 */
  n1?: boolean;
  json?: boolean;
}

/**
 * `clocker plan`: where everything is and why; of one container, what speaks for and against each host now; and
 * what would follow from a change. Nothing is done.
 */
export async function plan(name: string | undefined, flags: PlanFlags): Promise<void> {
  const cloud = await cloudState(flags);
  if (flags.whatIf !== undefined) return showWhatIf(cloud, flags.whatIf, flags);
  if (flags.n1) return showSurvival(cloud, flags);
  const question = questionOf(cloud, name ?? flags.why, flags.whyNot);
  if (question.container === undefined) return showAll(cloud, flags);
  const container = findContainer(cloud, question.container).name;
  const state = planOf(cloud, container);
  if (question.host !== undefined) mustHaveHost(state, question.host);
  const view = await viewOf(state);
  if (question.host !== undefined) {
    const sentence = whyNot(view, container, question.host) ?? "";
    if (flags.json) printJson({ container, host: question.host, sentence });
    else console.log(sentence);
    return;
  }
  const explanation = why(view, container)!;
  if (flags.json) printJson(explanation);
  else console.log(explanationText(explanation));
}

interface Question {
  container?: string;
  host?: string;
}

/** `plan web --why-not h2`, `plan --why-not web h2` and, since words after an option are its own, `plan --why-not h2 web`. */
export function questionOf(
  cloud: Pick<CloudState, "containers" | "plans">,
  container: string | undefined,
  words: readonly string[] | undefined,
): Question {
  if (words === undefined) return container === undefined ? {} : { container };
  const [first = "", second, ...rest] = words;
  if (rest.length === 0 && container !== undefined && second === undefined)
    return { container, host: first };
  if (rest.length === 0 && container === undefined && second !== undefined) {
    const isHost = (word: string) =>
      cloud.plans.some(({ hosts }) => hosts.some(({ name }) => name === word));
    const isContainer = cloud.containers.some(({ name }) => name === first);
    return isHost(first) && !isContainer && !isHost(second)
      ? { container: second, host: first }
      : { container: first, host: second };
  }
  throw new CloudError("invalid-input", "--why-not needs a container and a host", {
    hint: "Write: clocker plan --why-not <container> <host>",
  });
}

/** Throws where a plan has no such host. */
export function mustHaveHost({ hosts }: Pick<PlacementState, "hosts">, host: string): void {
  const names = hosts.map(({ name }) => name);
  if (names.includes(host)) return;
  throw new CloudError("invalid-input", `${host} is not a host of the cloud`, {
    hint: `Its hosts are ${listing(names, 10)}.`,
  });
}

function showAll(cloud: CloudState, flags: PlanFlags): void {
  const rows = cloud.plans.flatMap((state) =>
    Object.entries(state.assignments ?? {}).map(([container, assignment]) => ({
      container,
      ...assignment,
    })),
  );
  if (flags.json) printJson(rows);
  else if (rows.length === 0) console.log(`Stack ${cloud.stack} has placed nothing.`);
  else {
    console.log(
      table(
        ["CONTAINER", "HOST", "ADDRESS", "WHY"],
        rows.map((row) => [
          row.container,
          row.host,
          Object.values(row.addresses).join(", "),
          row.reason,
        ]),
      ),
    );
  }
}

/** Each plan of the program is tried by itself; one that does not know what the change speaks of has nothing to say. */
async function showWhatIf(cloud: CloudState, text: string, flags: PlanFlags): Promise<void> {
  const changes = readChanges(text);
  const answers = await Promise.all(
    placedPlans(cloud).map(async (state) => ({
      state,
      found: whatIf(await viewOf(state), changes),
    })),
  );
  const found = answers.flatMap(({ state, found }) => ("error" in found ? [] : [{ state, found }]));
  if (found.length === 0) {
    const [first] = answers.flatMap(({ found }) => ("error" in found ? [found.error] : []));
    throw new CloudError("invalid-input", `what if "${text}": ${first ?? "nothing is placed"}`, {
      hint: "`clocker hosts` and `clocker plan` show what there is.",
    });
  }
  if (flags.json) printJson(found.map((each) => withoutPlan(each.found)));
  else console.log(found.map((each) => whatIfText(each.found, hostsOf(each.state))).join("\n\n"));
}

async function showSurvival(cloud: CloudState, flags: PlanFlags): Promise<void> {
  const all = await Promise.all(
    placedPlans(cloud).map(async (state) => survivesAnyLoss(await viewOf(state))),
  );
  if (flags.json) printJson(all);
  else console.log(all.map(survivalText).join("\n\n"));
}

/** What a change means; the whole plan behind it is as large as the cloud. */
function withoutPlan({ input: _input, result: _result, ...rest }: WhatIf) {
  return rest;
}

function hostsOf({ assignments = {} }: PlacementState): Record<string, string> {
  return Object.fromEntries(Object.entries(assignments).map(([name, { host }]) => [name, host]));
}

function placedPlans(cloud: CloudState): PlacementState[] {
  if (cloud.plans.length > 0) return cloud.plans;
  throw new CloudError("invalid-input", `stack ${cloud.stack} has no plan`, {
    hint: "Run `clocker up` first.",
  });
}

function planOf(cloud: CloudState, container: string): PlacementState {
  const state = cloud.plans.find(({ assignments }) => assignments?.[container] !== undefined);
  if (state) return state;
  throw new CloudError("invalid-input", `no plan of stack ${cloud.stack} has placed ${container}`, {
    hint: "Run `clocker up` first.",
  });
}

/** A plan of the state, made again from what the hosts say now. */
async function viewOf(state: PlacementState): Promise<PlanView> {
  const snapshots = await observeHosts(
    state.hosts.map(({ connection }) => connection),
    whatToObserve(state),
  );
  // A snapshot goes by the connection's name; the plan by the host's.
  const named = snapshots.map((snapshot, i) => ({
    ...snapshot,
    name: state.hosts[i]?.name ?? snapshot.name,
  }));
  return viewPlan(state, named);
}
