import { isIP } from "node:net";
import { isEveryAddress } from "../ipam/cidr.js";
import type { HeldPort } from "./held.js";

/** Ports of a host that somebody has without publishing them by a container: a range, for one of them `first` is `last`. */
export interface TakenPorts extends Omit<HeldPort, "hostPort"> {
  first: number;
  last: number;
  /** Who has them, as a sentence goes on after "in use by": `the process nginx`. */
  by: string;
  /** Owner of the network for which they are open on every host; absent: none is. */
  network?: string;
  /** Owner of the network whose names are served there; absent: none of it is. */
  zone?: string;
}

/**
 * Who has ports of the host beside Docker's containers, as root sees it, one line each:
 * `open tcp 8080 <owner of the network>`, `zone 192.0.2.7:53 <owner of the network>` whose names are served there, `listen tcp 0.0.0.0:80 users:(("nginx",pid=7,fd=5))`, `rule` with a rule that translates
 * (iptables-save) or `nft inet mine` with one of another table than those of iptables, the devices towards the world
 * (`underlay eth0`), and `ephemeral 32768 60999`.
 */
export const TAKEN_PORTS_SCRIPT = `
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
for file in /var/lib/clocker/net/*/ports.d/*; do
  [ -f "$file" ] || continue
  owner=$(sed -n 's/^owner //p' "\${file%/ports.d/*}/config" 2>/dev/null)
  grep -v '^#' "$file" | cut -d ' ' -f 1,2 | sort -u | sed 's/^/open /' | while read -r line; do printf '%s %s\\n' "$line" "$owner"; done
done
for config in /var/lib/clocker/net/*/config; do
  awk '$1 == "owner" { owner = substr($0, 7) } $2 == "zoneserver" { at = $3 } $2 == "zoneport" { port = $3 } $2 == "zoneservers" { ours = 1 }
    END { if (ours) print "zone", at ":" port, owner }' "$config" 2>/dev/null
done
ss -Hlntup 2>/dev/null | awk '{ print "listen", $1, $5, $7 }'
echo underlay $(ip -o -4 route show default 2>/dev/null | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p')
echo ephemeral $(cat /proc/sys/net/ipv4/ip_local_port_range)
for save in iptables-save ip6tables-save; do
  "$save" -t nat 2>/dev/null | grep -E -- '-j (DNAT|REDIRECT)' | sed 's/^/rule /'
done
nft list ruleset 2>/dev/null | awk '/^table/ { table = $2 " " $3 } /^[ \\t]*type .* hook / { hook = $0; sub(/.* hook /, "", hook); sub(/ .*/, "", hook) }
  /^[ \\t]*chain / { hook = "" }
  / (dnat|redirect) ?/ && table !~ /^ip6? nat$/ && hook != "output" { sub(/^[ \\t]+/, ""); print "nft", table, $0 }'
exit 0`;

/**
 * Chains whose rules are known otherwise: Docker's follow from its containers, and ours from what is open. What the host's own programs
 * ask for (OUTPUT) keeps nobody from outside off a port, nor does a rule for some who ask: a transparent proxy of a LAN or a VPN.
 */
const KNOWN_CHAIN = /^(DOCKER|CLK-E-|OUTPUT$)/;
/** Tables of nftables that Docker makes itself. */
const KNOWN_TABLE = /^\S+ docker/;
/** A container's published port is Docker's to tell. */
const KNOWN_PROCESS = "docker-proxy";

type Protocol = HeldPort["protocol"];

/** Reads the script's answer. Sockets of programs that ask others, at ports of the system's choice, take nothing. */
export function parseTakenPorts(text: string): TakenPorts[] {
  const lines = text.split("\n");
  const [, low, high] =
    lines.map((line) => /^ephemeral (\d+) (\d+)/.exec(line)).find((match) => match) ?? [];
  const world = lines.flatMap((line) => /^underlay (.*)/.exec(line)?.[1]?.split(" ") ?? []);
  const zones = new Map(
    lines.flatMap((line): [string, string][] => {
      const [, at = "", owner = ""] = /^zone (\S+) (.*)/.exec(line) ?? [];
      return owner === "" ? [] : [[at, owner]];
    }),
  );
  const ephemeral = { low: Number(low ?? 65_536), high: Number(high ?? 0) };
  return lines.flatMap((line) => {
    const [kind = "", ...words] = line.split(" ");
    if (kind === "open") return openPort(words);
    if (kind === "listen") return listener(words, ephemeral, zones);
    if (kind === "rule") return ofIptables(words, world);
    return kind === "nft" ? ofNftables(words, world) : [];
  });
}

function openPort([protocol, port, ...owner]: string[]): TakenPorts[] {
  if (!isProtocol(protocol)) return [];
  const network = owner.join(" ");
  return ranges(port, [protocol], { hostAddress: "", by: `network ${network}`, network });
}

/** `0.0.0.0:80`, `[::1]:631`, `127.0.0.53%lo:53`, `*:80`. */
function listener(
  [protocol, local = "", users = ""]: string[],
  ephemeral: { low: number; high: number },
  zones: ReadonlyMap<string, string>,
): TakenPorts[] {
  const process = /"([^"]+)"/.exec(users)?.[1];
  if (!isProtocol(protocol) || users.includes(`"${KNOWN_PROCESS}"`)) return [];
  const [, address = "", port] = /^(.*):(\d+)$/.exec(local) ?? [];
  const number = Number(port);
  if (protocol === "udp" && ephemeral.low <= number && number <= ephemeral.high) return [];
  const zone = process === "named" ? zones.get(local) : undefined;
  if (zone !== undefined) {
    const by = `the name server of network ${zone}`;
    return ranges(port, [protocol], { hostAddress: one(address), by, zone });
  }
  return ranges(port, [protocol], {
    hostAddress: one(address.replace(/^\[|\]$/g, "").replace(/%.*$/, "")),
    by: process === undefined ? "a process of the host" : `the process ${process}`,
  });
}

/** `-A PREROUTING -d 192.0.2.7/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.9.0.2:80` */
function ofIptables(words: readonly string[], world: readonly string[]): TakenPorts[] {
  const after = (flag: string): string | undefined => {
    const at = words.indexOf(flag);
    return at < 0 || words[at - 1] === "!" ? undefined : words[at + 1];
  };
  const [chain = "", protocol] = [after("-A"), after("-p")];
  if (KNOWN_CHAIN.test(chain) || !isProtocol(protocol)) return [];
  const to = after("-d")?.replace(/\/(32|128)$/, "");
  const device = after("-i");
  const isForAll = device === undefined || world.includes(device);
  if (!isForAll || after("-s") !== undefined || isRange(to)) return [];
  const ports = (after("--dport") ?? after("--dports"))?.replaceAll(":", "-");
  return ranges(ports, [protocol], {
    hostAddress: one(to),
    by: `a rule of the host's firewall (chain ${chain})`,
  });
}

/** `ip daddr 192.0.2.7 tcp dport { 80, 443 } counter packets 0 bytes 0 dnat to 10.9.0.2`, after family and name of the table. */
function ofNftables(
  [family = "", name = "", ...words]: readonly string[],
  world: readonly string[],
): TakenPorts[] {
  const rule = words.join(" ");
  if (KNOWN_TABLE.test(`${family} ${name}`)) return [];
  const [, device] = /\biif(?:name)? "?([^\s"!]+)/.exec(rule) ?? [];
  const isForAll = device === undefined || world.includes(device);
  if (!isForAll || /\bip6? saddr (?!!=)/.test(rule)) return [];
  const [, to] = /\bip6? daddr (?:!= )?(\S+)/.exec(rule) ?? [];
  if (isRange(to)) return [];
  const [, protocol, set] =
    /\b(tcp|udp|th) dport (?:map )?(\{[^}]*\}|\d+(?:-\d+)?)/.exec(rule) ?? [];
  const ports = set
    ?.replace(/[{}\s]/g, "")
    .split(",")
    // an entry of a map is "80:10.9.0.2"
    .map((entry) => entry.replace(/:.*$/, ""))
    .join(",");
  return ranges(ports, isProtocol(protocol) ? [protocol] : ["tcp", "udp"], {
    hostAddress: one(to),
    by: `a rule of the host's firewall (table ${family} ${name})`,
  });
}

/** `80,8000-8010` for each protocol; nothing where it names no port. */
function ranges(
  text: string | undefined,
  protocols: readonly Protocol[],
  rest: Pick<TakenPorts, "hostAddress" | "by" | "network" | "zone">,
): TakenPorts[] {
  return (text ?? "").split(",").flatMap((part) => {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
    if (first === undefined) return [];
    return protocols.map((protocol) => ({
      ...{ first: Number(first), last: Number(last), protocol },
      ...rest,
    }));
  });
}

/** One address of the host; "" for all of them, or where it is no single one. */
function one(address: string | undefined): string {
  if (address === undefined || isIP(address) === 0) return "";
  return isEveryAddress(address) ? "" : address;
}

/** Addresses beyond the host's own: what is for them, as for the services of a cluster, leaves the host's port to others. */
function isRange(to: string | undefined): boolean {
  return to !== undefined && to.includes("/") && !isEveryAddress(to);
}

function isProtocol(value: string | undefined): value is Protocol {
  return value === "tcp" || value === "udp";
}
