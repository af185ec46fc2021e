import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CNI_PART } from "../../../provider/network/cni/link.js";
import { MACVLAN_PART } from "../../../provider/network/macvlan/link.js";
import { PLUGIN_PART } from "../../../provider/network/plugin/link.js";
import { OVS_PART } from "../../../provider/network/ovs/link.js";
import { COMMON_PART } from "../../../provider/network/program/common.js";
import { FIREWALL_PART } from "../../../provider/network/program/firewall.js";
import { IPV6_PART } from "../../../provider/network/program/ipv6.js";
import { POLICY_PART } from "../../../provider/network/program/policy.js";
import { PORTS_PART } from "../../../provider/network/program/ports.js";
import { ROUTES_PART } from "../../../provider/network/program/routes.js";
import { SWARM_PART } from "../../../provider/network/swarm/link.js";
import { VXLAN_PART } from "../../../provider/network/vxlan/link.js";
import { WEAVE_DNS_PART } from "../../../provider/network/weave/dns.js";
import { WEAVE_PART } from "../../../provider/network/weave/link.js";
import { verdictOf, type Packet } from "../../property/firewall/rules.js";

const PARTS = [
  ...[
    COMMON_PART,
    IPV6_PART,
    ROUTES_PART,
    VXLAN_PART,
    OVS_PART,
    SWARM_PART,
    MACVLAN_PART,
    PLUGIN_PART,
    CNI_PART,
    WEAVE_PART,
    WEAVE_DNS_PART,
  ],
  ...[PORTS_PART, POLICY_PART, FIREWALL_PART],
];

/** Which of a network's chains hang in ours behind its shortcuts. */
const LAST: Record<string, (readonly [chain: string, letter: string])[]> = {
  raw: [["CLOCKER-PREROUTING", "R"]],
  filter: [
    ["CLOCKER-INPUT", "I"],
    ["CLOCKER-FORWARD", "F"],
  ],
};

/** The rules that the program writes for the host 192.0.2.1, whose peers are 192.0.2.2 and .3, asked about packets. */
describe("the firewall of a network on a host", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "clocker-firewall-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  interface Network {
    driver?: string;
    outbound?: "yes" | "no";
    /** Lines of the policy, and of the ports that are open on every host. */
    policy?: string;
    ports?: string;
  }

  /** Chains of a table, of network 10.<vni>.0.0/16 with the bridge cnb<vni>, as they hang in ours. */
  function tableOf(table: string, vni: number, network: Network = {}): string {
    const { driver = "vxlan", outbound = "yes", policy, ports } = network;
    mkdirSync(join(folder, `${vni}/ports.d`), { recursive: true });
    writeFileSync(join(folder, `${vni}/config`), "");
    if (policy !== undefined) writeFileSync(join(folder, `${vni}/policy`), `# 0123abcd\n${policy}`);
    if (ports !== undefined) writeFileSync(join(folder, `${vni}/ports.d/cloud`), ports);
    const settings = [
      `ROOT=${folder} scratch=${folder} config=${folder}/${vni}/config`,
      `vni=${vni} bridge=cnb${vni} port=4789 cidr=10.${vni}.0.0/16 gateway=10.${vni}.1.1`,
      `driver=${driver} outbound=${outbound} underlay=192.0.2.1 peers="192.0.2.2 192.0.2.3"`,
    ];
    const { stdout, stderr } = spawnSync(
      "sh",
      ["-c", `${PARTS.join("")}\n${settings.join("\n")}\nfirewall_rules; echo; shortcuts`],
      { encoding: "utf8" },
    );
    expect(stderr).toBe("");
    const [rules, shortcuts] = stdout.split("\n\n") as [string, string];
    const own = `${rules}\n`.split(`*${table}\n`)[1]!.split("COMMIT\n")[0]!;
    const first = shortcuts
      .split("\n")
      .filter((line) => line.startsWith(`${table} `))
      .map((line) => line.split(" "))
      .map(([, chain, target, ...which]) => `-A ${chain} ${which.join(" ")} -g ${target}\n`);
    const rest = LAST[table]!.map(([chain, letter]) => `-A ${chain} -j CLK-${letter}-${vni}\n`);
    const parents = new Set([...first, ...rest].map((rule) => rule.split(" ")[1]!));
    const heads = [...parents].map((chain) => `:${chain} - [0:0]\n`);
    return own + heads.join("") + first.join("") + rest.join("");
  }

  describe("keeps containers from the tunnels of the hosts", () => {
    const sent = (more: Partial<Packet>): Packet => ({
      ...{ src: "10.7.1.5", dst: "192.0.2.2", protocol: "udp", sport: 40_000, dport: 4789 },
      ...{ state: "NEW", in: "cnb7", ...more },
    });

    it.each([
      ["vxlan", "udp", 4789],
      ["ovs", "udp", 4789],
      ["swarm", "udp", 4789],
      ["swarm", "tcp", 7946],
      ["weave", "tcp", 6783],
      ["weave", "udp", 6784],
    ] as const)(
      "%s, %s %i: what comes from one is not masqueraded as a peer",
      (driver, protocol, dport) => {
        const rules = tableOf("raw", 7, { driver });
        const ask = (more: Partial<Packet>) =>
          verdictOf(rules, "CLOCKER-PREROUTING", sent({ protocol, dport, ...more }));
        expect(ask({}), "of the network").toBe("DROP");
        expect(ask({ src: "172.17.0.2", in: "docker0" }), "of none").toBe("DROP");
        for (const vni of [7, 8]) {
          const from = (src: string, more: Partial<Packet> = {}) => ask({ src, vni, ...more });
          expect(from("192.0.2.3"), "with the address of a peer").toBe("DROP");
          expect(from("192.0.2.3", { in: "eth0" }), "a peer, by way of this host").toBe("RETURN");
          expect(from("192.0.2.2", { dst: "192.0.2.1", in: "eth0" }), "a peer").toBe("RETURN");
        }
        expect(ask({ dst: "203.0.113.9" }), "to somebody else").toBe("RETURN");
        expect(ask({ dport: 53 }), "for something else").toBe("RETURN");
      },
    );

    it.each(["vxlan", "ovs"])(
      "%s: what a peer sends to another address of this host is a container's of it, masqueraded",
      (driver) => {
        const rules = tableOf("filter", 7, { driver });
        const to = (dst: string) =>
          verdictOf(rules, "CLOCKER-INPUT", sent({ src: "192.0.2.2", dst, vni: 7, in: "eth0" }));
        expect([to("192.0.2.1"), to("192.0.2.201")]).toEqual(["ACCEPT", "DROP"]);
      },
    );
  });

  describe("has a short way", () => {
    const inside: Packet = {
      ...{ src: "10.7.1.5", dst: "10.7.2.5", protocol: "tcp", sport: 40_000, dport: 80 },
      ...{ state: "UNTRACKED", in: "cnb7", out: "cnb7" },
    };
    const untracked = (rules: string, chain: string, packet: Packet) => {
      const passed = { ...packet };
      return [verdictOf(rules, chain, passed), passed.untracked === true];
    };

    it("for what containers of the network say to each other, but not to their host", () => {
      const raw = tableOf("raw", 7);
      const asked = (more: Partial<Packet>) =>
        untracked(raw, "CLOCKER-PREROUTING", { ...inside, ...more });
      expect(asked({})).toEqual(["RETURN", true]);
      expect(asked({ dst: "10.7.1.1" }), "the gateway").toEqual(["RETURN", false]);
      expect(asked({ dst: "203.0.113.9" }), "the outside").toEqual(["RETURN", false]);
      expect(asked({ in: "cnb8" }), "of another network").toEqual(["RETURN", false]);
      const filter = tableOf("filter", 7);
      expect(verdictOf(filter, "CLOCKER-FORWARD", inside)).toBe("ACCEPT");
      expect(verdictOf(filter, "CLOCKER-FORWARD", { ...inside, in: "eth0" })).toBe("DROP");
    });

    it("which a policy ends, but for what need not be tracked", () => {
      const policy = ":CLK-P-7 - [0:0]\n-A CLK-P-7 -j DROP\n";
      const raw = tableOf("raw", 7, { policy });
      const asked = (protocol: "tcp" | "udp") =>
        untracked(raw, "CLOCKER-PREROUTING", { ...inside, protocol });
      expect([asked("tcp"), asked("udp")]).toEqual([
        ["RETURN", true],
        ["RETURN", false],
      ]);
      expect(tableOf("filter", 7, { policy })).not.toContain("-g CLK-W-7");
    });

    it("for its tunnels, which are not tracked, and for nobody else's", () => {
      const raw = tableOf("raw", 7);
      const frame: Packet = {
        ...{ src: "192.0.2.2", dst: "192.0.2.1", protocol: "udp", sport: 40_000, dport: 4789 },
        ...{ state: "NEW", in: "eth0", vni: 7 },
      };
      const comes = (more: Partial<Packet>) =>
        untracked(raw, "CLOCKER-PREROUTING", { ...frame, ...more });
      expect(comes({})).toEqual(["RETURN", true]);
      expect(comes({ src: "192.0.2.66" })[0], "no peer").toBe("DROP");
      expect(comes({ vni: 8 }), "Swarm's").toEqual(["RETURN", false]);
      const goes = (more: Partial<Packet>) =>
        untracked(raw, "CLOCKER-OUTPUT", { ...frame, src: "192.0.2.1", ...more });
      expect(goes({ dst: "192.0.2.3" })).toEqual(["RETURN", true]);
      expect(goes({ dst: "192.0.2.3", vni: 8 })).toEqual(["RETURN", false]);
    });

    it("but on a LAN, where hosts are as well, none past what other networks say", () => {
      const vxlan = tableOf("raw", 7);
      for (const driver of ["macvlan", "plugin", "cni"]) {
        const lan = tableOf("raw", 8, { driver }).replaceAll("10.8.0.0/16", "192.0.2.0/24");
        const chainsOf = (rules: string) => rules.replaceAll(/^(:|-A )CLOCKER-.*\n/gm, "");
        // the newest network's hang first
        const hung = [lan, vxlan].flatMap((rules) => rules.match(/^-A CLOCKER-.* -g .*\n/gm) ?? []);
        const rest = ["7", "8"].map((vni) => `-A CLOCKER-PREROUTING -j CLK-R-${vni}\n`);
        const heads = ":CLOCKER-PREROUTING - [0:0]\n:CLOCKER-OUTPUT - [0:0]\n";
        const both = [chainsOf(lan), chainsOf(vxlan), heads, ...hung, ...rest].join("");
        const sent: Packet = {
          ...{ src: "192.0.2.140", dst: "192.0.2.1", protocol: "udp", sport: 40_000, dport: 4789 },
          ...{ state: "NEW", in: "cnb8" },
        };
        const asked = (more: Partial<Packet>) =>
          untracked(both, "CLOCKER-PREROUTING", { ...sent, ...more });
        expect(asked({ vni: 7 })[0], `a forged frame, ${driver}`).toBe("DROP");
        expect(asked({ dst: "192.0.2.150", dport: 80 }), driver).toEqual(["RETURN", true]);
        expect(asked({ dst: "10.8.1.1", dport: 80 }), driver).toEqual(["RETURN", false]);
      }
    });

    it("on a bridge with other networks for its own addresses alone", () => {
      const filter = tableOf("filter", 7, { driver: "weave" });
      const others = filter.replaceAll(/^-A CLK-F-7 .*\n/gm, "");
      expect(verdictOf(others, "CLOCKER-FORWARD", inside)).toBe("ACCEPT");
      const foreign = { ...inside, src: "10.8.1.5", dst: "10.8.2.5" };
      expect(verdictOf(others, "CLOCKER-FORWARD", foreign), "for its policy").toBe("RETURN");
    });
  });

  describe("with a policy", () => {
    const chains = (from: string, to: string) =>
      [
        ...[":CLK-P-7 - [0:0]", ":CLK-P-7-from - [0:0]", ":CLK-P-7-to - [0:0]"],
        ...["-A CLK-P-7 -j DROP", `-A CLK-P-7-from -j ${from}`, `-A CLK-P-7-to -j ${to}`, ""],
      ].join("\n");
    const asked: Packet = {
      ...{ src: "192.0.2.77", dst: "10.7.1.5", protocol: "tcp", sport: 40_000, dport: 80 },
      ...{ syn: true, state: "NEW", asked: 8080, in: "eth0", out: "cnb7" },
    };

    it("judges whoever comes in from elsewhere, also with an address of the network", () => {
      const filter = tableOf("filter", 7, { policy: chains("DROP", "RETURN") });
      for (const src of ["192.0.2.77", "10.7.9.9"])
        expect(verdictOf(filter, "CLK-G-7", { ...asked, src }), src).toBe("DROP");
    });

    it("judges a port that is open on every host by the policies of both networks, whichever is asked first", () => {
      const ports = "tcp 8080 10.7.1.5 80 here\n";
      const open = tableOf("filter", 7, { policy: chains("RETURN", "RETURN"), ports });
      const closed = tableOf("filter", 8, {
        policy: chains("DROP", "DROP").replaceAll("P-7", "P-8"),
      });
      const packet = { ...asked, src: "10.8.1.5", in: "cnb8" };
      const verdict = (order: number[]) =>
        verdictOf(
          `${open}${closed}:FORWARD - [0:0]\n${order.map((vni) => `-A FORWARD -j CLK-G-${vni}\n`).join("")}`,
          "FORWARD",
          packet,
        );
      expect([verdict([7, 8]), verdict([8, 7])]).toEqual(["DROP", "DROP"]);
      expect(verdictOf(open, "CLK-G-7", packet), "for the other rules").toBe("RETURN");
      expect(verdictOf(open, "CLK-F-7", packet), "and then let through").toBe("ACCEPT");
    });

    it("judges the answers of such a port as it judges the question", () => {
      const ports = "tcp 8080 10.7.2.5 80 there\n";
      const answer: Packet = {
        ...{ src: "10.7.2.5", dst: "10.7.1.6", protocol: "tcp", sport: 80, dport: 40_000 },
        ...{ state: "REPLY", asked: 8080, in: "cnb7", out: "cnb7" },
      };
      for (const to of ["RETURN", "DROP"]) {
        const filter = tableOf("filter", 7, { policy: chains(to, to), ports });
        expect(verdictOf(filter, "CLK-G-7", answer)).toBe(to);
      }
    });
  });

  it("ends what goes on when there is no way out any more, but not answers", () => {
    const filter = tableOf("filter", 7, { outbound: "no" });
    const sent = (state: Packet["state"], more: Partial<Packet> = {}) =>
      verdictOf(filter, "CLK-F-7", {
        ...{ src: "10.7.1.5", dst: "203.0.113.9", protocol: "udp", sport: 40_000, dport: 53 },
        ...{ state, in: "cnb7", out: "eth0", ...more },
      });
    expect([sent("NEW"), sent("ORIGINAL")]).toEqual(["DROP", "DROP"]);
    expect([sent("REPLY"), sent("RELATED")]).toEqual(["RETURN", "RETURN"]);
    expect(sent("ORIGINAL", { asked: 8080, out: "docker0" }), "a published port").toBe("RETURN");
  });
});
