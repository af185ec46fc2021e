import { CloudError } from "../../errors.js";
import type { SwarmInfo } from "../../host/docker-types.js";
import { LABELS } from "../../host/ownership.js";
import type { DriverContext } from "../driver.js";

/**
 * Our mark on a host that is in a swarm because of us. One line each: `gateway ours|kept` (whether Docker's bridge for the
 * way out came with the swarm), `swarm made|found`, `cluster <the swarm's id>`, and once the host is in it `node <its id
 * there>`. It is written before the host goes in, so that a crash leaves no membership without one. Marks of older versions
 * have the first line only.
 */
const MARK = "/var/lib/clocker/swarm";

/** In the place of the id of a swarm that is about to be made. */
export const NEW_CLUSTER = "new";

export interface Mark {
  /** We made the swarm; else it was there and the host joined it. */
  made: boolean;
  /** Absent: an older version wrote the mark. */
  cluster: string | undefined;
  /** The host's id in the swarm, anew with each time it joins one. Absent: it was not seen to get in. */
  node: string | undefined;
  /** A network of ours on the host needs the swarm. */
  needed: boolean;
}

const WRITE = `set -e
mkdir -p /var/lib/clocker
gateway=$(grep -sx 'gateway [a-z]*' ${MARK} | head -n 1)
if [ -z "$gateway" ]; then
  if docker network inspect docker_gwbridge >/dev/null 2>&1; then gateway="gateway kept"; else gateway="gateway ours"; fi
fi
{ echo "$gateway"; echo "swarm $1"; echo "cluster $2"; [ -z "$3" ] || echo "node $3"; } > ${MARK}.new
mv ${MARK}.new ${MARK}`;

const READ = `[ -e ${MARK} ] || exit 0
echo mark
cat ${MARK}
if grep -qsx 'driver swarm' /var/lib/clocker/net/*/config; then echo needed; fi`;

const DROP = `rm -f ${MARK} ${MARK}.new
rmdir /var/lib/clocker 2>/dev/null
true`;

/** After the swarm is left: what it leaves behind goes, if it came with it. */
const TIDY = `if grep -qsx 'gateway ours' ${MARK}; then docker network rm docker_gwbridge >/dev/null 2>&1; fi
${DROP}`;

async function script(
  { transport, signal }: DriverContext,
  text: string,
  args: readonly string[] = [],
): Promise<string> {
  const result = await transport.script(text, args, signal ? { signal } : {});
  if (result.code === 0) return result.stdout;
  throw new CloudError("command", "could not note the host's part in the swarm", {
    host: transport.connection.name,
    reasons: [result.stderr.trim()].filter((line) => line !== ""),
  });
}

export async function writeMark(
  context: DriverContext,
  mark: { made: boolean; cluster: string; node?: string },
): Promise<void> {
  await script(context, WRITE, [mark.made ? "made" : "found", mark.cluster, mark.node ?? ""]);
}

export async function readMark(context: DriverContext): Promise<Mark | undefined> {
  return parseMark(await script(context, READ));
}

export function parseMark(text: string): Mark | undefined {
  const lines = text.split("\n").map((line) => line.trim());
  if (!lines.includes("mark")) return undefined;
  const value = (key: string) =>
    lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1);
  return {
    made: value("swarm") === "made",
    cluster: value("cluster"),
    node: value("node"),
    needed: lines.includes("needed"),
  };
}

/** The host stays in the swarm that it is in, or has none of ours to leave. */
export async function dropMark(context: DriverContext): Promise<void> {
  await script(context, DROP);
}

export async function tidyUp(context: DriverContext): Promise<void> {
  await script(context, TIDY);
}

/** What a manager says of its swarm: we made it. */
export function isMadeByUs({ Cluster }: SwarmInfo): boolean {
  return Cluster?.Spec?.Labels?.[LABELS.swarm] === "made";
}

/** Whether the mark is of the membership that the host has now. A node's id says it: no two memberships share one. */
export function isOfMembership(mark: Mark | undefined, now: SwarmInfo): boolean {
  if (mark?.node === undefined || mark.node !== now.NodeID) return false;
  return !now.Cluster || now.Cluster.ID === mark.cluster;
}

/** Whether a mark that was not finished, because we were interrupted, is of the swarm that the host is in. */
export function isUnfinishedFor(mark: Mark | undefined, manager: SwarmInfo): boolean {
  if (mark?.cluster === undefined || mark.node !== undefined) return false;
  return mark.cluster === NEW_CLUSTER ? isMadeByUs(manager) : mark.cluster === manager.Cluster?.ID;
}
