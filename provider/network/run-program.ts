import { CloudError } from "../errors.js";
import type { ExecResult, Transport } from "../host/transport.js";
import { warn } from "../progress.js";
import type { DriverContext, HostFacts, HostPart, NetworkRef, Peer } from "./driver.js";
import { endpointLines, parseEndpointLines, type WaitingEndpoint } from "./endpoints.js";
import { bridgeName, linkName, macOf, VXLAN_PORT } from "./names.js";
import { NETWORK_PROGRAM, RUN_PROGRAM } from "./program/program.js";

/** Settings of a host's part as the program reads them, then its names. Values are checked before they come here. */
export function partDocument(part: HostPart): string {
  const settings: [string, string | number][] = [
    ...Object.entries(part.secrets ?? {}).map(([key, value]): [string, string] => [
      "secret",
      `${key} ${Buffer.from(value).toString("base64")}`,
    ]),
    ["owner", part.owner],
    ...(part.generation === undefined
      ? []
      : [["generation", part.generation] satisfies [string, string]]),
    ["network", part.networkId],
    ["driver", part.driver],
    ["vni", part.vni],
    ["bridge", part.settings["hostlink"] ?? bridgeName(part.vni)],
    ["link", linkName(part.vni)],
    ["port", VXLAN_PORT],
    ["cidr", part.cidr],
    ["prefix", part.cidr.slice(part.cidr.indexOf("/") + 1)],
    ["gateway", part.gateway],
    ["mac", macOf(part.gateway)],
    ["underlay", part.underlay],
    ["mtu", part.mtu],
    ...(part.ipv6 ? ipv6Settings(part.ipv6) : []),
    ["domain", part.domain],
    ["outbound", part.outbound ? "yes" : "no"],
    ...(part.machine ? [["machine", "yes"] satisfies [string, string]] : []),
    ...Object.entries(part.settings).map(([key, value]): [string, string] => [
      "set",
      `${key} ${value}`,
    ]),
    ...factLines("self", part.facts),
    ...part.extra.map((address): [string, string] => ["extra", `self ${address}`]),
    ...(part.ipv6?.extra ?? []).map((address): [string, string] => ["extra6", `self ${address}`]),
    ...part.peers.flatMap(peerLines),
  ];
  return `${settings.map(([key, value]) => `${key} ${value}\n`).join("")}names\n${part.names}`;
}

function ipv6Settings({ cidr, block, gateway }: NonNullable<HostPart["ipv6"]>): [string, string][] {
  return [
    ["cidr6", cidr],
    ["prefix6", cidr.slice(cidr.indexOf("/") + 1)],
    ["block6", block],
    ["gateway6", gateway],
  ];
}

function peerLines({ underlay, block, extra, ipv6, facts }: Peer): [string, string][] {
  return [
    ["peer", `${underlay} ${block}`],
    ...extra.map((address): [string, string] => ["extra", `${underlay} ${address}`]),
    ...(ipv6
      ? ([
          ["peer6", `${underlay} ${ipv6.block}`],
          ["host6", `${underlay} ${ipv6.gateway}`],
        ] satisfies [string, string][])
      : []),
    ...(ipv6?.extra ?? []).map((address): [string, string] => ["extra6", `${underlay} ${address}`]),
    ...factLines(underlay, facts),
  ];
}

/** In an order of their own: facts come from a host the first time, and then from the state, which sorts what it keeps. */
function factLines(host: string, facts: HostFacts): [string, string][] {
  return Object.entries(facts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ["fact", `${host} ${key} ${value}`]);
}

/** Runs the program on a host; answers what it found to differ. Refusals and failures are errors. */
export async function runProgram(
  context: DriverContext,
  verb: Exclude<Verb, "apply" | "introduce">,
  part: HostPart,
  more: readonly string[] = [],
): Promise<string[]> {
  return wordsAfter(await run(context, verb, part, more), "differs");
}

/** Makes or repairs the part on a host; answers what differed, and the containers that are off its network for now. */
export async function applyPart(
  context: DriverContext,
  part: HostPart,
): Promise<{ changed: string[]; waiting: WaitingEndpoint[] }> {
  const result = await run(context, "apply", part, part.newcomer ? ["newcomer"] : []);
  return {
    changed: wordsAfter(result, "differs"),
    waiting: parseEndpointLines(wordsAfter(result, "endpoint")),
  };
}

/** Has the host remember containers that are about to leave the network for a moment, beside those that wait already. */
export async function keepEndpoints(
  context: DriverContext,
  part: HostPart,
  waiting: readonly WaitingEndpoint[],
): Promise<void> {
  const order = noting("keep-endpoints", part);
  await runVerb(context, order, [String(part.vni)], endpointLines(waiting));
}

/** Every container is back. */
export async function forgetEndpoints(context: DriverContext, part: HostPart): Promise<void> {
  await runVerb(context, noting("forget-endpoints", part), [String(part.vni)], "");
}

/** See NetworkDriver. */
export async function handOver(
  context: DriverContext,
  { networkId, vni, owner }: NetworkRef,
  addresses: readonly string[],
): Promise<boolean> {
  const order = { verb: "hand-over", doing: "hand over names of", networkId };
  const result = await runVerb(context, order, [String(vni), owner, ...addresses], "");
  return wordsAfter(result, "differs").length > 0;
}

function noting(verb: string, { networkId }: HostPart): Order {
  return { verb, doing: "note the containers of", networkId };
}

/** The words that a host's part of the driver has for the other hosts. */
export async function askFacts(context: DriverContext, part: HostPart): Promise<HostFacts> {
  const lines = wordsAfter(await run(context, "introduce", part), "fact");
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]),
  );
}

/** Verbs that read the part's document from standard input; the others are told the network by its VNI and owner. */
const WITH_DOCUMENT: readonly Verb[] = ["apply", "check", "introduce"];

type Verb =
  "apply" | "check" | "introduce" | "activate" | "retire" | "names" | "take-back" | "leave";

async function run(
  context: Pick<DriverContext, "transport" | "signal">,
  verb: Verb,
  part: HostPart,
  more: readonly string[] = [],
): Promise<ExecResult> {
  const document = WITH_DOCUMENT.includes(verb);
  const args = document ? more : [String(part.vni), part.owner, ...more];
  const stdin = document ? partDocument(part) : verb === "names" ? part.names : "";
  return runVerb(
    context,
    { verb, doing: DOING[verb] ?? "make", networkId: part.networkId },
    args,
    stdin,
  );
}

/** What is asked of the program on a host, and how a failure says it: "could not make network app". */
export interface Order {
  verb: string;
  doing: string;
  networkId: string;
  /** Of a refusal: "cannot make network app", and what to do. @default "make" */
  refusing?: string;
  hint?: string;
}

/** Runs a verb of the program under its own words. Refusals and failures are errors. */
export async function runVerb(
  { transport, signal }: Pick<DriverContext, "transport" | "signal">,
  order: Order,
  args: readonly string[],
  stdin: string,
): Promise<ExecResult> {
  const { verb, networkId } = order;
  const result = await transport.script(RUN_PROGRAM, [NETWORK_PROGRAM, verb, ...args], {
    stdin,
    timeoutMs: 60_000,
    ...(signal ? { signal } : {}),
  });
  for (const text of wordsAfter(result, "warning"))
    await warn(`host ${transport.connection.name}: ${text}`);
  if (result.code === 0) return result;
  throw result.code === 3
    ? new CloudError(
        "conflict",
        `cannot ${order.refusing ?? "make"} network ${networkId}: ${wordsAfter(result, "conflict")[0] ?? "something is in the way"}`,
        {
          host: transport.connection.name,
          resource: networkId,
          hint:
            order.hint ??
            "Remove what is in the way, or give the network another CIDR or networkId.",
        },
      )
    : failed(transport, order, result);
}

const DOING: Partial<Record<Verb, string>> = {
  check: "observe",
  names: "name",
  "take-back": "take back addresses of",
  leave: "remove",
};

function failed(transport: Transport, { doing, networkId }: Order, result: ExecResult): CloudError {
  const said = result.stderr
    .trim()
    .split("\n")
    .slice(-3)
    .filter((line) => line !== "");
  return new CloudError(
    "command",
    `could not ${doing} network ${networkId} (exit code ${result.code})`,
    {
      host: transport.connection.name,
      resource: networkId,
      reasons: said,
      hint: "Run again: what is done is kept.",
    },
  );
}

/** The rest of each line that begins with a word. */
export function wordsAfter(result: ExecResult, word: string): string[] {
  return result.stdout
    .split("\n")
    .filter((line) => line.startsWith(`${word} `))
    .map((line) => line.slice(word.length + 1));
}
