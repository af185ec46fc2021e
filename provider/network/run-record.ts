import type { DriverContext, HostRecord, RecordObservation } from "./driver.js";
import { runVerb, wordsAfter } from "./run-program.js";

type Verb = "put" | "check" | "drop";

/** What a verb does, in words that a network's name follows: "could not add names to network app". */
export const RECORD_WORDS: Readonly<Record<HostRecord["kind"], Readonly<Record<Verb, string>>>> = {
  names: { put: "add names to", check: "observe the names of", drop: "remove names from" },
  policy: {
    put: "put the policy in force on",
    check: "observe the policy of",
    drop: "lift the policy of",
  },
  ports: { put: "open the ports of", check: "observe the ports of", drop: "close the ports of" },
};

const PORT_IN_USE = {
  refusing: "open the ports of",
  hint: "Stop what uses the port, or publish another one.",
};

export async function putRecord(context: DriverContext, record: HostRecord): Promise<void> {
  await run(context, "put", record);
}

export async function dropRecord(context: DriverContext, record: HostRecord): Promise<void> {
  await run(context, "drop", record);
}

export async function observeRecord(
  context: DriverContext,
  record: HostRecord,
): Promise<RecordObservation> {
  const result = await run(context, "check", record);
  return {
    absent: result.stdout.split("\n").includes("absent"),
    differs: wordsAfter(result, "differs"),
  };
}

function run(context: DriverContext, verb: Verb, record: HostRecord) {
  const { kind, vni, owner, key = "-", mark, text, networkId } = record;
  const dropping = verb === "drop";
  const args = [kind, String(vni), owner, key, ...(dropping ? [mark] : [])];
  return runVerb(
    context,
    {
      ...{ verb: `${verb}-record`, doing: RECORD_WORDS[kind][verb], networkId },
      ...(kind === "ports" ? PORT_IN_USE : {}),
    },
    args,
    dropping ? "" : `${mark}\n${text}`,
  );
}
