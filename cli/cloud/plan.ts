import { printJson, table } from "../commands/table.js";
import type { CommonFlags } from "../commands/options.js";
import { CloudError } from "../../provider/errors.js";
import { observeHosts } from "../../provider/host/observe.js";
import type { Explanation } from "../../provider/placement/index.js";
import { viewPlan, why, whyNot, type PlanView } from "../../provider/resources/placement/why.js";
import { cloudState, findContainer, type CloudState } from "./state.js";

export interface PlanFlags extends CommonFlags {
  whyNot?: string;
  json?: boolean;
}

/** `clocker plan`: where everything is and why; of one container, what speaks for and against each host now. */
export async function plan(name: string | undefined, flags: PlanFlags): Promise<void> {
  const cloud = await cloudState(flags);
  if (name === undefined) {
    if (flags.whyNot !== undefined) {
      throw new CloudError("invalid-input", "--why-not needs a container", {
        hint: "Write: clocker plan <container> --why-not <host>",
      });
    }
    showAll(cloud, flags);
    return;
  }
  const container = findContainer(cloud, name).name;
  const view = await viewOf(cloud, container);
  if (flags.whyNot !== undefined) {
    const sentence = whyNot(view, container, flags.whyNot) ?? "";
    if (flags.json) printJson({ container, host: flags.whyNot, sentence });
    else console.log(sentence);
    return;
  }
  const explanation = why(view, container)!;
  if (flags.json) printJson(explanation);
  else show(explanation);
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

/** The plan that decided the container, made again from what the hosts say now. */
async function viewOf(cloud: CloudState, container: string): Promise<PlanView> {
  const state = cloud.plans.find(({ assignments }) => assignments?.[container] !== undefined);
  if (!state) {
    throw new CloudError(
      "invalid-input",
      `no plan of stack ${cloud.stack} has placed ${container}`,
      {
        hint: "Run `clocker up` first.",
      },
    );
  }
  const snapshots = await observeHosts(
    state.hosts.map(({ connection }) => connection),
    { timeoutMs: state.observeTimeout * 1000 },
  );
  return viewPlan(state, snapshots);
}

const MARKS = { here: "*", possible: "+", refused: "-" } as const;

function show({ sentence, hosts }: Explanation): void {
  console.log(`${sentence}\n`);
  console.log(
    table(
      ["", "HOST", "", "WHY"],
      hosts.map(({ host, verdict, reasons }) => [
        MARKS[verdict],
        host,
        verdict,
        reasons.join("; "),
      ]),
    ),
  );
}
