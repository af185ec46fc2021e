import { printJson, table } from "../commands/table.js";
import type { CommonFlags } from "../commands/options.js";
import { finish } from "../program.js";
import { connectFrom, connectHere, type Knock } from "./net-connect.js";
import { endOf } from "./net-ends.js";
import { pathsBetween, type Path } from "./net-path.js";
import { cloudState, connections, type CloudState } from "./state.js";

export type TraceFlags = CommonFlags & { json?: boolean; probe?: boolean; port?: number };

/** A way with what was measured on it. */
export type Traced = Path & { probes?: { address: string; port: number; measured: Knock }[] };

/** `clocker net trace A B`: the ways from one end to another; exit code 1 where a probe shows another thing. */
export async function trace(from: string, to: string, flags: TraceFlags): Promise<void> {
  const cloud = await cloudState(flags);
  const paths: Traced[] = pathsBetween(cloud, from, to);
  const probing = flags.probe === true || flags.port !== undefined;
  if (probing) for (const path of paths) path.probes = await measured(cloud, path, flags.port);
  if (flags.json) printJson(paths);
  else console.log(paths.map(traceText).join("\n\n"));
  if (paths.some(isSurprising)) finish(1);
}

/** What was measured is not what the state says. Asked of a port of the user's own choice, nothing is expected. */
export function isSurprising({ verdict, probes = [] }: Traced): boolean {
  const expected = { open: "open", partly: "open", blocked: "blocked", unknown: undefined }[
    verdict
  ];
  return expected !== undefined && probes.some((probe) => probe.measured !== expected);
}

/** A port that nothing is likely to listen on: where every port may be reached, a refusal shows it. */
const SOME_PORT = 9;

async function measured(
  cloud: CloudState,
  { from, target, verdict }: Path,
  port: number | undefined,
): Promise<NonNullable<Traced["probes"]>> {
  if (!target) return [];
  const named = verdict === "partly" || target.ports.length > 0 ? target.ports : [SOME_PORT];
  const attempts = (port === undefined ? named : [port]).map((each) => ({
    address: target.address,
    port: each,
  }));
  const end = endOf(cloud, from);
  const on = end.kind === "container" ? end.host : end.name;
  const connection = connections(cloud).find(({ name }) => name === on);
  const id = end.kind === "container" ? { id: end.id } : {};
  const answers =
    end.kind === "outside" || !connection
      ? await Promise.all(attempts.map(connectHere))
      : await connectFrom(
          connection,
          attempts.map((attempt) => ({ ...attempt, ...id })),
        );
  return attempts.map((attempt, index) => ({ ...attempt, measured: answers[index]! }));
}

const VERDICTS: Readonly<Record<Path["verdict"], string>> = {
  open: "open",
  partly: "open on some ports",
  blocked: "blocked",
  unknown: "not known",
};

/** One way as people read it. */
export function traceText({ from, to, network, verdict, steps, probes = [] }: Traced): string {
  const over = network === undefined ? "" : ` over ${network}`;
  const rows = [
    ...steps.map(({ at, what }, index) => [String(index + 1), at, what]),
    ...probes.map(({ address, port, measured: knock }) => [
      ...["", from, `measured: ${address}:${port} is ${knock}`],
    ]),
  ];
  return `${from} to ${to}${over}: ${VERDICTS[verdict]}\n${table(["", "AT", "WHAT"], rows)}`;
}
