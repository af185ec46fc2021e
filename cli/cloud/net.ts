import { printJson, table } from "../commands/table.js";
import type { CommonFlags } from "../commands/options.js";
import { finish } from "../program.js";
import { parsePorts } from "../../provider/firewall/model.js";
import type { MatrixRow } from "../../provider/firewall/matrix.js";
import { eachHost, reportSilent } from "./each-host.js";
import { connectFrom, type Knock } from "./net-connect.js";
import { chosen, matrixOf, type NetworkMatrix, networkViews, rangesOf } from "./net-model.js";
import { cloudState, connections, type CloudState } from "./state.js";

export type NetFlags = CommonFlags & { json?: boolean };

/** `clocker net ls`: the stack's networks. */
export async function ls(flags: NetFlags): Promise<void> {
  const rows = networkViews(await cloudState(flags)).map(
    ({ network, driver, cidr, cidr6, vni, hosts, policyName, policy }) => ({
      ...{ network, driver, cidr, ...(cidr6 === undefined ? {} : { cidr6 }), vni },
      hosts: hosts.map(({ name }) => name),
      containers: policy.members.length,
      policy: policyName ?? "",
    }),
  );
  if (flags.json) printJson(rows);
  else
    console.log(
      table(
        ["NETWORK", "DRIVER", "CIDR", "VNI", "HOSTS", "CONTAINERS", "POLICY"],
        rows.map((row) => [
          ...[row.network, row.driver, rangesOf(row), String(row.vni), row.hosts.join(", ")],
          ...[String(row.containers), row.policy],
        ]),
      ),
    );
}

/** `clocker net matrix`: who may connect to whom, by the state alone. */
export async function matrix(name: string | undefined, flags: NetFlags): Promise<void> {
  const all = chosen(networkViews(await cloudState(flags)), name).map(matrixOf);
  if (flags.json) printJson(all);
  else console.log(matrixText(all));
}

/** A matrix as people read it; "-" for nothing. */
export function matrixText(all: readonly NetworkMatrix[]): string {
  return table(
    ["NETWORK", "FROM", "TO", "MAY REACH"],
    all.flatMap(({ network, rows }) =>
      rows.map(({ from, to, reach }) => [network, from, to, wordsOf(reach)]),
    ),
  );
}

function wordsOf(reach: MatrixRow["reach"]): string {
  if (reach === "all") return "everything";
  if (reach === "own") return "what the machine lets through";
  if (reach === "unknown") return "what its driver lets through";
  return reach.length === 0 ? "-" : reach.join(", ");
}

export interface Measured {
  network: string;
  from: string;
  to: string;
  port: number;
  /** By the policy. */
  expected: "open" | "blocked";
  measured: Knock;
}

/** `clocker net probe`: connects from every container to every other one; exit code 1 where it is not as the matrix says. */
export async function probe(name: string | undefined, flags: NetFlags): Promise<void> {
  const cloud = await cloudState(flags);
  const wanted = attempts(cloud, name);
  const answers = await eachHost(
    connections(cloud).filter((host) => wanted.some(({ on }) => on === host.name)),
    async (connection) => {
      const here = wanted.filter(({ on }) => on === connection.name);
      const answers = await connectFrom(connection, here);
      return here.map(({ network, from, to, port, expected }, index): Measured => ({
        ...{ network, from, to, port, expected },
        measured: answers[index]!,
      }));
    },
  );
  const rows = answers.flatMap((answer) => ("value" in answer ? answer.value : []));
  if (flags.json) printJson(rows);
  else
    console.log(
      table(
        ["NETWORK", "FROM", "TO", "PORT", "EXPECTED", "MEASURED"],
        rows.map((row) => [
          ...[row.network, row.from, row.to, String(row.port), row.expected],
          row.measured === row.expected ? row.measured : `${row.measured} !`,
        ]),
      ),
    );
  const silent = reportSilent(answers);
  if (silent || rows.some(({ expected, measured }) => expected !== measured)) finish(1);
}

/** A port that nothing is likely to listen on: where every port may be reached, a refusal shows it. */
const SOME_PORT = 9;

/** One for each pair of containers and TCP port that the matrix names, and one that it does not. Pure. */
export function attempts(cloud: CloudState, name: string | undefined) {
  return chosen(networkViews(cloud), name).flatMap((view) => {
    const members = new Map(view.policy.members.map((member) => [member.name, member]));
    const ids = new Map(cloud.containers.map((container) => [container.name, container.id]));
    return matrixOf(view).rows.flatMap(({ from, to, reach }) => {
      const [source, target, id] = [members.get(from), members.get(to), ids.get(from)];
      if (!source || !target || id === undefined) return [];
      const named =
        typeof reach === "string" ? [] : reach.flatMap((text) => parsePorts(text) ?? []);
      const tcp = named.filter(({ protocol }) => protocol === "tcp");
      const some = tcp.some(({ first, last }) => first <= SOME_PORT && SOME_PORT <= last);
      const ports: Pick<Measured, "port" | "expected">[] = tcp.map(({ first }) => ({
        port: first,
        expected: "open",
      }));
      if (!some) ports.push({ port: SOME_PORT, expected: reach === "all" ? "open" : "blocked" });
      return ports.map(({ port, expected }) => ({
        ...{ network: view.network, from, to, port, expected, id },
        ...{ on: source.host, address: target.address },
      }));
    });
  });
}
