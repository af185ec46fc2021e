/** A small iptables: what a host's rules say of a packet. Knows the matches that the rules use, and refuses others. */
export interface Packet {
  src: string;
  dst: string;
  protocol: "tcp" | "udp" | "icmp";
  sport?: number;
  dport?: number;
  /** A TCP segment that opens a connection. */
  syn?: boolean;
  /** What connection tracking says; TCP inside a network is not tracked. */
  state: "NEW" | "UNTRACKED" | "REPLY" | "ORIGINAL" | "RELATED";
  /** Links that it comes in by and goes out by. */
  in?: string;
  out?: string;
  /** It was asked at this port of the host, and is translated. */
  asked?: number;
  /** It is VXLAN, of this network. */
  vni?: number;
  /** It is for the host itself. */
  local?: boolean;
  /** Said by the rules: it is not tracked from there on. */
  untracked?: boolean;
}

export type Verdict = "ACCEPT" | "DROP" | "RETURN";

export function verdictOf(rules: string, chain: string, packet: Packet): Verdict {
  const chains = new Map<string, string[][]>();
  for (const line of rules.split("\n").filter((each) => each !== "")) {
    if (line.startsWith(":")) chains.set(line.slice(1).split(" ")[0]!, []);
    else {
      const [flag, name, ...words] = line.split(/ +/);
      const rulesOf = chains.get(name!);
      if (!rulesOf) throw new Error(`no chain for ${line}`);
      if (flag === "-A") rulesOf.push(words);
      else if (flag === "-I") rulesOf.splice(Number(words.shift()) - 1, 0, words);
      else throw new Error(`neither -A nor -I: ${line}`);
    }
  }
  const walk = (name: string): Verdict => {
    const lines = chains.get(name);
    if (!lines) throw new Error(`no chain ${name}`);
    for (const words of lines) {
      const at = words.findIndex((word) => word === "-j" || word === "-g");
      const target = words[at + 1]!;
      if (!holds(words.slice(0, at), packet)) continue;
      if (words[at] === "-g") return walk(target);
      if (target === "ACCEPT" || target === "DROP" || target === "RETURN") {
        if (target === "RETURN") return "RETURN";
        return target;
      }
      if (target === "CT") {
        packet.untracked = true;
        continue;
      }
      const inner = walk(target);
      if (inner !== "RETURN") return inner;
    }
    return "RETURN";
  };
  return walk(chain);
}

function holds(words: string[], packet: Packet): boolean {
  const rest = [...words];
  while (rest.length > 0) {
    const not = rest[0] === "!" && rest.shift() === "!";
    if (one(rest, packet) === not) return false;
  }
  return true;
}

function one(rest: string[], packet: Packet): boolean {
  const flag = rest.shift()!;
  switch (flag) {
    case "-s":
      return within(packet.src, rest.shift()!);
    case "-d":
      return within(packet.dst, rest.shift()!);
    case "-p":
      return packet.protocol === rest.shift();
    case "--dport":
      return between(packet.dport, rest.shift()!);
    case "--sport":
      return between(packet.sport, rest.shift()!);
    case "--syn":
      return packet.syn === true;
    case "-i":
      return isLink(packet.in, rest.shift()!);
    case "-o":
      return isLink(packet.out, rest.shift()!);
    case "-m": {
      const name = rest.shift()!;
      if (!["conntrack", "addrtype", "u32"].includes(name)) throw new Error(`no match ${name}`);
      return true;
    }
    case "--u32":
      return packet.vni !== undefined && rest.shift() === `0>>22&0x3C@12>>8=${packet.vni}`;
    case "--ctstate": {
      const states = rest.shift()!.split(",");
      const state =
        packet.state === "REPLY" || packet.state === "ORIGINAL" ? "ESTABLISHED" : packet.state;
      return states.includes(state) || (packet.asked !== undefined && states.includes("DNAT"));
    }
    case "--ctdir":
      return (
        packet.state !== "UNTRACKED" && (rest.shift() === "REPLY") === (packet.state === "REPLY")
      );
    case "--ctorigdstport":
      return packet.asked === Number(rest.shift());
    case "--dst-type":
      return rest.shift() === "LOCAL" && packet.local === true;
    default:
      throw new Error(`unknown match ${flag}`);
  }
}

/** "cnb+" is every link whose name begins so. */
function isLink(link: string | undefined, pattern: string): boolean {
  return pattern.endsWith("+") ? (link ?? "").startsWith(pattern.slice(0, -1)) : link === pattern;
}

const numberOf = (address: string) =>
  address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);

function within(address: string, cidr: string): boolean {
  const [base, prefix = "32"] = cidr.split("/");
  const size = 2 ** (32 - Number(prefix));
  return Math.floor(numberOf(address) / size) === Math.floor(numberOf(base!) / size);
}

function between(port: number | undefined, range: string): boolean {
  const [first, last = first] = range.split(":").map(Number);
  return port !== undefined && port >= first! && port <= last!;
}
