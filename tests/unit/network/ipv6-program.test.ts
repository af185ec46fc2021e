import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMON_PART } from "../../../provider/network/program/common.js";
import { FIREWALL_PART } from "../../../provider/network/program/firewall.js";
import { IPV6_PART } from "../../../provider/network/program/ipv6.js";
import { POLICY_PART } from "../../../provider/network/program/policy.js";
import { PORTS_PART } from "../../../provider/network/program/ports.js";
import { ROUTES_PART } from "../../../provider/network/program/routes.js";
import { WEAVE_DNS_PART } from "../../../provider/network/weave/dns.js";
import { ROUTED_PART } from "../../../provider/network/routed/link.js";

/** Steps of the host's program by themselves: what they read and write is in a folder. */
describe("on a host of a network with IPv6", () => {
  let folder: string;
  const at = (path: string) => join(folder, path);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "clocker-ipv6-"));
    mkdirSync(at("7"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const PROGRAM = [
    COMMON_PART,
    IPV6_PART,
    ROUTES_PART,
    PORTS_PART,
    POLICY_PART,
    FIREWALL_PART,
    ROUTED_PART,
    WEAVE_DNS_PART,
  ];

  function run(steps: string): string[] {
    const settings = `ROOT=${folder} CONF6=${folder}/conf scratch=${folder} config=${folder}/7/config vni=7 bridge=cnb7`;
    const { stdout, stderr, status } = spawnSync(
      "sh",
      ["-c", `${PROGRAM.join("")}\n${settings}\n${steps}`],
      { encoding: "utf8" },
    );
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return stdout.split("\n").filter((line) => line !== "");
  }

  const rulesOf = (family: string, cidr6: string) =>
    run(
      `peers= port=4789 driver=vxlan outbound=yes underlay=192.0.2.1 gateway=GW gateway6=GW6 cidr=10.7.0.0/16 cidr6=${cidr6}
       paths_vxlan() { :; }; shares_bridge() { false; }; ${family} firewall_rules`,
    );

  it("a policy's gate for published ports is also asked about link-local addresses", () => {
    const chain = ":CLK-P-7-host - [0:0]\n";
    writeFileSync(at("7/policy"), `# 0123abcd\n${chain}# ipv6\n${chain}`);
    writeFileSync(at("7/config"), "");
    const gates = (family: string) =>
      rulesOf(family, "fd00:7::/64").filter((rule) => rule.endsWith(" -j CLK-P-7-host"));
    const local = "-m addrtype --dst-type LOCAL -j CLK-P-7-host";
    expect(gates("")).toEqual([`-A CLK-I-7 -s 10.7.0.0/16 ${local}`]);
    expect(gates("as_ipv6;")).toEqual([
      `-A CLK-I-7 -i cnb7 -s fe80::/10 ${local}`,
      `-A CLK-I-7 -s fd00:7::/64 ${local}`,
    ]);
  });

  it("a gate that stops what it does not know lets neighbours find each other", () => {
    writeFileSync(at("7/policy"), "# 0123abcd\n# ipv6\n:CLK-P-7-host - [0:0]\n");
    writeFileSync(at("7/config"), "");
    const input = rulesOf("as_ipv6;", "fd00:7::/64").filter((rule) => rule.includes("-A CLK-I-7"));
    const gate = input.findIndex((rule) => rule.endsWith("-j CLK-P-7-host"));
    expect(input.slice(0, gate).filter((rule) => rule.includes("icmpv6-type"))).toEqual([
      "-A CLK-I-7 -i cnb7 -p ipv6-icmp --icmpv6-type 135 -j RETURN",
      "-A CLK-I-7 -i cnb7 -p ipv6-icmp --icmpv6-type 136 -j RETURN",
    ]);
  });

  it("a network without IPv6 has nothing there but the doors of its policy", () => {
    const door = ":CLK-P-7-door - [0:0]\n-A CLK-P-7-door -p tcp --dport 8080 -j DROP\n";
    writeFileSync(at("7/policy"), `# 0123abcd\n:CLK-P-7 - [0:0]\n# ipv6\n${door}`);
    writeFileSync(at("7/config"), "");
    expect(rulesOf("as_ipv6;", "")).toEqual([
      ...["*filter", ":CLK-I-7 - [0:0]", ...door.trim().split("\n")],
      ...["-A CLK-I-7 -i lo -j RETURN"],
      ...["-A CLK-I-7 -m addrtype --dst-type LOCAL -j CLK-P-7-door", "COMMIT"],
    ]);
  });

  it("lets nobody through who asks by IPv6 until a policy from before the network had it says more", () => {
    const door = ":CLK-P-7-door - [0:0]\n-A CLK-P-7-door -p tcp --dport 8080 -j DROP\n";
    writeFileSync(at("7/config"), "");
    for (const before of ["", `# ipv6\n${door}`]) {
      writeFileSync(at("7/policy"), `# 0123abcd\n:CLK-P-7 - [0:0]\n${before}`);
      const rules = rulesOf("as_ipv6;", "fd00:7::/64");
      for (const chain of ["CLK-P-7", "CLK-P-7-from", "CLK-P-7-to"])
        expect(rules.filter((rule) => rule.startsWith(`-A ${chain} `))).toEqual([
          `-A ${chain} -j DROP`,
        ]);
    }
  });

  it("ports that are open on every host lead to the addresses of their family", () => {
    mkdirSync(at("7/ports.d"));
    const targets = ["tcp 8080 10.7.2.5 80 there", "tcp 8080 fd00:7::205 80 there"];
    writeFileSync(at("7/ports.d/cloud"), `# 0123abcd\n${targets.join("\n")}\n`);
    writeFileSync(at("7/config"), "");
    const translated = (family: string) =>
      rulesOf(family, "fd00:7::/64").flatMap((rule) => / -j DNAT (.*)/.exec(rule)?.[1] ?? []);
    expect(translated("")).toEqual(["--to-destination 10.7.2.5:80"]);
    expect(translated("as_ipv6;")).toEqual(["--to-destination [fd00:7::205]:80"]);
    expect(rulesOf("as_ipv6;", "fd00:7::/64").filter((rule) => rule.includes("SNAT"))).toEqual([
      "-A CLK-N-7 -d fd00:7::205 -p tcp --dport 80 -m conntrack --ctstate DNAT --ctorigdstport 8080 -j SNAT --to-source GW6",
    ]);
  });

  it("driver routed has no IPv6 route to a host that could not be asked for its link-local address", () => {
    writeFileSync(
      at("7/config"),
      [
        ...["peer 192.0.2.2 10.7.2.0/24", "peer6 192.0.2.2 fd00:7::200/120"],
        ...["peer 192.0.2.3 10.7.3.0/24", "peer6 192.0.2.3 fd00:7::300/120"],
        ...["fact 192.0.2.3 linklocal fe80::3", ""],
      ].join("\n"),
    );
    const routes = (family: string) =>
      run(`underlay_device() { echo eth0; }; gateway=GW gateway6=GW; ${family} routed_routes`);
    expect(routes("")).toEqual([
      "10.7.2.0/24 via 192.0.2.2 dev eth0 src GW",
      "10.7.3.0/24 via 192.0.2.3 dev eth0 src GW",
    ]);
    expect(routes("as_ipv6;")).toEqual(["fd00:7::300/120 via fe80::3 dev eth0 src GW"]);
  });

  describe("that forwards IPv6", () => {
    const accepting = (values: Record<string, number>) =>
      Object.entries(values).forEach(([link, value]) => {
        mkdirSync(at(`conf/${link}`), { recursive: true });
        writeFileSync(at(`conf/${link}/accept_ra`), `${value}\n`);
      });
    const forwarding = (value: number) => writeFileSync(at("conf/all/forwarding"), `${value}\n`);
    const now = (file: string) => Number(readFileSync(at(`conf/${file}`), "utf8"));
    const kept = (fix: 0 | 1) => run(`fix=${fix}; up_forwarding_ipv6`);
    const values = { all: 1, default: 1, eth0: 1, eth1: 2, docker0: 0 };
    const seen = () => Object.keys(values).map((link) => now(`${link}/accept_ra`));
    beforeEach(() => accepting(values));

    it("every link goes on to take routes from routers, one that has none yet as well", () => {
      forwarding(0);
      expect(kept(0)).toEqual(["differs the host does not forward IPv6"]);
      expect(seen(), "a check changes nothing").toEqual(Object.values(values));
      expect(kept(1)).toEqual(["differs the host does not forward IPv6"]);
      expect(now("all/forwarding")).toBe(1);
      expect(seen()).toEqual([2, 2, 2, 2, 0]);
      expect(kept(1)).toEqual([]);
      // at boot, where Docker was first
      accepting(values);
      expect(kept(1)).toEqual(["differs the host forwards IPv6 and takes no routes from routers"]);
      expect(seen()).toEqual([2, 2, 2, 2, 0]);
    });

    it("stays as it is where it forwarded before us", () => {
      forwarding(1);
      expect(kept(1)).toEqual([]);
      expect(seen()).toEqual(Object.values(values));
      expect(existsSync(at("forwards6"))).toBe(false);
    });
  });
});
