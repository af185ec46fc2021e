import type { ExistingZone } from "../../../provider/network/zone/zone.js";
import type { TestLab } from "../../support/lab.js";

const ZONE = "corp.example";
const REVERSE = "101.10.in-addr.arpa";
const REVERSE6 = "1.0.1.0.0.0.d.f.ip6.arpa";

const ZONE_FILE = `$TTL 60
@ SOA ns root 1 3600 600 86400 1
@ NS ns
`;

/** Of either family: then it is asked who has it. */
export const isAddress = (asked: string): boolean => /^[0-9.]+$|:/.test(asked);

/** BIND on a host of a lab, the primary of a zone and of its addresses' zones, in which somebody has names already. */
export interface NameServer {
  zone: ExistingZone & { reverseZone: string; reverseZone6: string };
  /** Names in all zones that are there before ours. */
  others: string[];
  /** What a name or an address is, sorted; [] if nobody knows. */
  look(asked: string): Promise<string[]>;
  /** Names that are in all zones. */
  names(): Promise<string[]>;
  /** Changes the zone as somebody with the key does. */
  change(line: string): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function nameServer(lab: TestLab, host: string): Promise<NameServer> {
  const { address } = lab.host(host);
  const secret = Buffer.from(`the secret of ${host}, 32 bytes long`).toString("base64");
  const at = "/var/lib/named";
  const put = async (file: string, text: string): Promise<void> => {
    const { code, stderr } = await lab.exec(
      host,
      ["sh", "-c", 'mkdir -p "${1%/*}" && cat > "$1"', "sh", `${at}/${file}`],
      text,
    );
    if (code !== 0) throw new Error(stderr);
  };
  await put(ZONE, `${ZONE_FILE}ns A ${address}\nmail A 192.0.2.25\n`);
  for (const zone of [REVERSE, REVERSE6])
    await put(
      zone,
      `$TTL 60\n@ SOA ns.${ZONE}. root.${ZONE}. 1 3600 600 86400 1\n@ NS ns.${ZONE}.\n`,
    );
  await put("key", `key "clocker" { algorithm hmac-sha256; secret "${secret}"; };\n`);
  const primary = (zone: string) =>
    `zone "${zone}" { type primary; file "${at}/${zone}"; allow-update { key clocker; }; allow-transfer { key clocker; }; };\n`;
  await put(
    "conf",
    `include "${at}/key";
options { directory "${at}"; listen-on { ${address}; }; listen-on-v6 { none; }; recursion no; pid-file "${at}/pid";
  dnssec-validation no; session-keyfile "${at}/session"; };
controls { };
${[ZONE, REVERSE, REVERSE6].map(primary).join("")}`,
  );

  const dig = async (...words: string[]): Promise<string[]> => {
    const text = await lab.sh(host, "dig", `@${address}`, "+time=2", "+tries=1", ...words);
    return text.split("\n").filter((line) => line !== "");
  };
  const start = async (): Promise<void> => {
    await lab.sh(host, "named", "-4", "-c", `${at}/conf`);
    await lab.sh(
      host,
      "sh",
      "-c",
      `for i in $(seq 100); do dig @${address} +time=1 +tries=1 ${ZONE} SOA | grep -q NOERROR && exit 0; sleep 0.1; done; exit 1`,
    );
  };
  const names = async (): Promise<string[]> => {
    const all = await Promise.all(
      [ZONE, REVERSE, REVERSE6].map((zone) =>
        dig("-k", `${at}/key`, "+noall", "+answer", zone, "AXFR"),
      ),
    );
    return [...new Set(all.flat().map((line) => line.split(/\s/)[0] ?? ""))].sort();
  };
  await start();
  return {
    zone: {
      ...{ server: address, zone: ZONE, reverseZone: REVERSE, reverseZone6: REVERSE6 },
      key: { name: "clocker", secret },
    },
    others: await names(),
    look: async (asked) =>
      (await (isAddress(asked) ? dig("+short", "-x", asked) : dig("+short", asked))).sort(),
    names,
    change: async (line) => {
      const { code, stderr } = await lab.exec(
        host,
        ["nsupdate", "-k", `${at}/key`],
        `server ${address}\n${line}\nsend\n`,
      );
      if (code !== 0) throw new Error(stderr);
    },
    stop: async () => {
      await lab.sh(
        host,
        "sh",
        "-c",
        `pid=$(cat ${at}/pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.05; done`,
      );
    },
    start,
  };
}
