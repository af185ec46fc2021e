import { CloudError } from "../../errors.js";
import type { ExecResult, Transport } from "../../host/transport.js";
import type { DriverContext, HostPart } from "../driver.js";
import { bridgeName, linkName, macOf, VXLAN_PORT } from "../names.js";
import { NETWORK_PROGRAM, RUN_PROGRAM } from "../program/program.js";

/** Settings of a host's part as the program reads them, then its names. Values are checked before they come here. */
export function partDocument(part: HostPart): string {
  const settings: [string, string | number][] = [
    ["owner", part.owner],
    ["network", part.networkId],
    ["driver", "vxlan"],
    ["vni", part.vni],
    ["bridge", bridgeName(part.vni)],
    ["link", linkName(part.vni)],
    ["port", VXLAN_PORT],
    ["cidr", part.cidr],
    ["prefix", part.cidr.slice(part.cidr.indexOf("/") + 1)],
    ["gateway", part.gateway],
    ["mac", macOf(part.gateway)],
    ["underlay", part.underlay],
    ["mtu", part.mtu],
    ["domain", part.domain],
    ["outbound", part.outbound ? "yes" : "no"],
    ...part.peers.map(({ underlay, block }): [string, string] => ["peer", `${underlay} ${block}`]),
  ];
  return `${settings.map(([key, value]) => `${key} ${value}\n`).join("")}names\n${part.names}`;
}

/** Runs the program on a host; answers what it found to differ. Refusals and failures are errors. */
export async function runProgram(
  { transport, signal }: DriverContext,
  verb: "apply" | "check" | "names" | "leave",
  part: HostPart,
): Promise<string[]> {
  const args = {
    apply: [],
    check: [],
    names: [String(part.vni), part.owner],
    leave: [String(part.vni), part.owner],
  }[verb];
  const stdin = {
    apply: partDocument(part),
    check: partDocument(part),
    names: part.names,
    leave: "",
  };
  const result = await transport.script(RUN_PROGRAM, [NETWORK_PROGRAM, verb, ...args], {
    stdin: stdin[verb],
    timeoutMs: 60_000,
    ...(signal ? { signal } : {}),
  });
  if (result.code === 0) return wordsAfter(result, "differs");
  throw result.code === 3
    ? new CloudError(
        "conflict",
        `cannot make network ${part.networkId}: ${wordsAfter(result, "conflict")[0] ?? "something is in the way"}`,
        {
          host: transport.connection.name,
          resource: part.networkId,
          hint: "Remove what is in the way, or give the network another CIDR or networkId.",
        },
      )
    : failed(transport, verb, part, result);
}

function failed(
  transport: Transport,
  verb: string,
  part: HostPart,
  result: ExecResult,
): CloudError {
  const what = { apply: "make", check: "observe", names: "name", leave: "remove" }[verb] ?? verb;
  const said = result.stderr
    .trim()
    .split("\n")
    .slice(-3)
    .filter((line) => line !== "");
  return new CloudError(
    "command",
    `could not ${what} network ${part.networkId} (exit code ${result.code})`,
    {
      host: transport.connection.name,
      resource: part.networkId,
      reasons: said,
      hint: "Run again: what is done is kept.",
    },
  );
}

function wordsAfter(result: ExecResult, word: string): string[] {
  return result.stdout
    .split("\n")
    .filter((line) => line.startsWith(`${word} `))
    .map((line) => line.slice(word.length + 1));
}
