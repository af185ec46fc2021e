import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Border } from "../../../provider/firewall/border.js";
import { matrix, reach, type Reach } from "../../../provider/firewall/matrix.js";
import {
  parsePorts,
  type Policy,
  type PolicyMember,
  type PolicyPeer,
} from "../../../provider/firewall/model.js";
import { renderPolicy } from "../../../provider/firewall/render.js";
import { verdictOf, type Packet } from "./rules.js";

const HOSTS = ["h1", "h2", "h3"];
const APPLICATIONS = ["shop", "data", ""];
const SERVICES = ["web", "redis"];
const STRANGER = "203.0.113.9";
const PUBLISHED: Border = { kind: "published", entries: {}, outbound: true };

const blockOf = (host: string) => `10.7.${HOSTS.indexOf(host) + 1}.0/24`;
const siteOf = (host: string) => ({
  vni: 7,
  host,
  blocks: Object.fromEntries(HOSTS.map((each) => [each, blockOf(each)])),
  gateways: HOSTS.map((_, index) => `10.7.${index + 1}.1`),
});

const members: fc.Arbitrary<PolicyMember[]> = fc
  .array(
    fc.record({
      application: fc.constantFrom(...APPLICATIONS),
      service: fc.constantFrom(...SERVICES),
      host: fc.constantFrom(...HOSTS),
      // in the block of its own host, of any host, or of none: users may fix addresses
      third: fc.option(fc.constantFrom(1, 2, 3, 250), { nil: undefined }),
      isMachine: fc.nat(4).map((n) => n === 0),
    }),
    { minLength: 2, maxLength: 7 },
  )
  .map((list) =>
    list.map(({ third, isMachine, ...each }, index): PolicyMember => {
      const name = `c${index}`;
      const address = `10.7.${isMachine ? 255 : (third ?? HOSTS.indexOf(each.host) + 1)}.${index + 10}`;
      if (!isMachine) return { ...each, name, address };
      return { ...each, name, address, service: name, host: name, machine: true };
    }),
  );

/** Hosts that see a packet between two members: those of the containers. */
const hostsOf = (...ends: PolicyMember[]): string[] =>
  ends.flatMap(({ machine, host }) => (machine ? [] : [host]));

const inside: fc.Arbitrary<PolicyPeer> = fc.oneof(
  fc.constant("all" as const),
  fc.record({ application: fc.constantFrom(...APPLICATIONS) }),
  fc.record({ service: fc.constantFrom(...SERVICES) }),
  fc.record({ host: fc.constantFrom(...HOSTS), application: fc.constantFrom(...APPLICATIONS) }),
  fc.record({ container: fc.constantFrom("c0", "c1", "c2") }),
  fc.record({ machine: fc.constantFrom("c0", "c1", "c2") }),
);
const ports = fc.option(
  fc.array(fc.constantFrom("80", "8000-8010", "53/udp", "6379/tcp"), {
    minLength: 1,
    maxLength: 3,
  }),
  { nil: undefined },
);
const rule = fc
  .tuple(
    fc.oneof(
      fc.tuple(inside, inside),
      fc.tuple(fc.constant("outside" as const), inside),
      fc.tuple(inside, fc.constant("outside" as const)),
    ),
    ports,
  )
  .map(([[from, to], given]) => ({ from, to, ...(given ? { ports: given } : {}) }));

const policy: fc.Arbitrary<Policy> = fc.record({
  isolate: fc.constantFrom("applications" as const, "containers" as const, "none" as const),
  outside: fc.constantFrom("open" as const, "closed" as const),
  rules: fc.array(rule, { maxLength: 4 }),
  members,
});

const probe = fc.record({
  protocol: fc.constantFrom("tcp" as const, "udp" as const, "icmp" as const),
  port: fc.constantFrom(80, 81, 8005, 53, 6379),
});

/** Whether the matrix lets a first packet through. */
function opens(reached: Reach, protocol: Packet["protocol"], port: number): boolean {
  if (reached === "all") return true;
  return reached.some((text) => {
    if (text === "all") return true;
    const range = parsePorts(text)!;
    return range.protocol === protocol && port >= range.first && port <= range.last;
  });
}

const first = (
  src: string,
  dst: string,
  protocol: Packet["protocol"],
  port: number,
  tracked = false,
): Packet => ({
  src,
  dst,
  protocol,
  ...(protocol === "icmp" ? {} : { sport: 40_000, dport: port }),
  ...(protocol === "tcp" ? { syn: true } : {}),
  state: protocol === "tcp" && !tracked ? "UNTRACKED" : "NEW",
});

const answerTo = ({ src, dst, protocol, sport, dport }: Packet): Packet => ({
  ...{ src: dst, dst: src, protocol, state: "REPLY" },
  ...(sport === undefined || dport === undefined ? {} : { sport: dport, dport: sport }),
});

describe("the rules on the hosts", () => {
  it("say of every pair, protocol and port what the matrix says", () => {
    fc.assert(
      fc.property(policy, probe, (given, { protocol, port }) => {
        const rules = new Map(HOSTS.map((host) => [host, renderPolicy(given, siteOf(host))]));
        for (const from of given.members)
          for (const to of given.members) {
            if (from === to) continue;
            const packet = first(from.address, to.address, protocol, port);
            const verdicts = hostsOf(from, to).map((host) =>
              verdictOf(rules.get(host)!, "CLK-P-7", packet),
            );
            const through = verdicts.every((verdict) => verdict === "ACCEPT");
            expect(through, `${from.name} to ${to.name}`).toBe(
              opens(reach(given, from, to), protocol, port),
            );
          }
      }),
      { numRuns: 300 },
    );
  });

  it("let an answer through wherever the question was, and open nothing by it", () => {
    fc.assert(
      fc.property(policy, probe, (given, { protocol, port }) => {
        for (const from of given.members)
          for (const to of given.members) {
            if (from === to || !opens(reach(given, from, to), protocol, port)) continue;
            const [judge] = hostsOf(from, to);
            if (judge === undefined) continue; // two machines
            const rules = renderPolicy(given, siteOf(judge));
            const answer: Packet = {
              src: to.address,
              dst: from.address,
              protocol,
              ...(protocol === "icmp" ? {} : { sport: port, dport: 40_000 }),
              state: protocol === "tcp" ? "UNTRACKED" : "REPLY",
            };
            expect(verdictOf(rules, "CLK-P-7", answer)).toBe("ACCEPT");
            const opening = verdictOf(rules, "CLK-P-7", { ...answer, syn: true, state: "NEW" });
            expect(opening === "ACCEPT").toBe(opens(reach(given, to, from), protocol, 40_000));
          }
      }),
      { numRuns: 200 },
    );
  });

  it("end what is no longer allowed in both directions, however long it is answered", () => {
    fc.assert(
      fc.property(policy, probe, (given, { protocol, port }) => {
        if (protocol === "tcp") return; // not tracked: an answer is no state
        for (const from of given.members.filter(({ machine }) => !machine))
          for (const to of given.members) {
            if (from === to) continue;
            const answer = answerTo(first(from.address, to.address, protocol, port));
            const rules = renderPolicy(given, siteOf(from.host));
            expect(
              verdictOf(rules, "CLK-P-7", answer) === "ACCEPT",
              `${from.name}, ${to.name}`,
            ).toBe(
              opens(reach(given, from, to), protocol, port) ||
                opens(reach(given, to, from), protocol, 40_000),
            );
          }
      }),
      { numRuns: 200 },
    );
  });

  it("say of the outside what the matrix says", () => {
    fc.assert(
      fc.property(policy, probe, (given, { protocol, port }) => {
        for (const member of given.members.filter(({ machine }) => !machine)) {
          const rules = renderPolicy(given, siteOf(member.host));
          const coming = first(STRANGER, member.address, protocol, port, true);
          expect(verdictOf(rules, "CLK-P-7-from", coming) !== "DROP").toBe(
            opens(reach(given, "outside", member), protocol, port),
          );
          const going = first(member.address, STRANGER, protocol, port, true);
          expect(verdictOf(rules, "CLK-P-7-to", going) !== "DROP").toBe(
            opens(reach(given, member, "outside"), protocol, port),
          );
          for (const [chain, question, asking, asked] of [
            ["CLK-P-7-from", going, member, "outside"],
            ["CLK-P-7-to", coming, "outside", member],
          ] as const)
            expect(verdictOf(rules, chain, answerTo(question)) !== "DROP", "an answer").toBe(
              opens(reach(given, asking, asked), protocol, port) ||
                // the asker's own port may be asked as well
                opens(reach(given, asked, asking), protocol, 40_000),
            );
        }
      }),
      { numRuns: 200 },
    );
  });

  it("judge what containers ask of a machine, and leave the outside to the machine", () => {
    const web = { name: "web-0", application: "shop", service: "web", host: "h1" };
    const spy = { name: "spy", application: "other", service: "spy", host: "h1" };
    const db = { name: "db", application: "", service: "db", host: "db", machine: true as const };
    const members = [
      { ...web, address: "10.7.1.10" },
      { ...spy, address: "10.7.1.11" },
      { ...db, address: "10.7.255.254" },
    ];
    const rules = [{ from: { service: "web" }, to: { machine: "db" }, ports: ["80"] }];
    const given: Policy = { isolate: "applications", outside: "closed", rules, members };
    const onH1 = renderPolicy(given, siteOf("h1"));
    const asks = (from: string, port: number) =>
      verdictOf(onH1, "CLK-P-7", first(from, "10.7.255.254", "tcp", port));
    expect([asks("10.7.1.10", 80), asks("10.7.1.10", 81), asks("10.7.1.11", 80)]).toEqual([
      ...["ACCEPT", "DROP", "DROP"],
    ]);
    expect(matrix(given, PUBLISHED).filter(({ from, to }) => [from, to].includes("db"))).toEqual([
      { from: "db", to: "spy", reach: [] },
      { from: "db", to: "web-0", reach: [] },
      { from: "db", to: "outside", reach: "own" },
      { from: "spy", to: "db", reach: [] },
      { from: "web-0", to: "db", reach: ["80/tcp"] },
      { from: "outside", to: "db", reach: "own" },
    ]);
  });

  it("take a rule of all containers for no word about the outside", () => {
    const [web, db] = ["h1", "h2"].map((host, index) => ({
      ...{ name: host, application: host, service: "web", host },
      address: `10.7.${index + 1}.10`,
    }));
    const given: Policy = {
      ...{ isolate: "containers", outside: "closed", members: [web!, db!] },
      rules: [{ from: "all", to: "all" }],
    };
    const rules = renderPolicy(given, siteOf("h1"));
    const coming = first(STRANGER, web!.address, "tcp", 80, true);
    const going = first(web!.address, STRANGER, "tcp", 80, true);
    expect(verdictOf(rules, "CLK-P-7-from", coming)).toBe("DROP");
    expect(verdictOf(rules, "CLK-P-7-to", going)).toBe("DROP");
    expect(verdictOf(rules, "CLK-P-7", first(db!.address, web!.address, "tcp", 80))).toBe("ACCEPT");
    expect(
      matrix(given, PUBLISHED).map(({ from, to, reach: reached }) => [from, to, reached]),
    ).toEqual([
      ["h1", "h2", "all"],
      ["h1", "outside", []],
      ["h2", "h1", "all"],
      ["h2", "outside", []],
      ["outside", "h1", []],
      ["outside", "h2", []],
    ]);
  });

  it("say the same of ports that a host publishes for a container, and let the hosts ask", () => {
    fc.assert(
      fc.property(policy, (given) => {
        const published = given.members.map((member, index) => ({
          ...member,
          published: [
            { port: 80, hostPort: 8000 + index, protocol: "tcp" as const },
            { port: 53, hostPort: 8000 + index, protocol: "udp" as const },
            // one port of the host for all, each on an address of its own
            {
              port: 81,
              hostPort: 7000,
              protocol: "tcp" as const,
              hostAddress: `192.0.2.${10 + index}`,
            },
          ],
        }));
        const rules = renderPolicy({ ...given, members: published }, siteOf("h1"));
        published.forEach((asked) => {
          if (asked.host !== "h1") return;
          for (const { port, protocol, hostPort, hostAddress = "192.0.2.1" } of asked.published) {
            const ask = (src: string) =>
              verdictOf(rules, "CLK-P-7-host", first(src, hostAddress, protocol, hostPort));
            for (const asking of published) {
              const open = asking === asked || opens(reach(given, asking, asked), protocol, port);
              expect(ask(asking.address)).toBe(open ? "RETURN" : "DROP");
            }
            expect(ask("10.7.1.200"), "nobody that the policy knows").toBe("DROP");
            expect(ask("10.7.2.1"), "a host").toBe("RETURN");
            const enters = verdictOf(
              given.outside === "open" ? `${rules}:CLK-P-7-door - [0:0]\n` : rules,
              "CLK-P-7-door",
              first(STRANGER, hostAddress, protocol, hostPort, true),
            );
            expect(enters, "the outside, by Docker's proxy").toBe(
              opens(reach(given, "outside", asked), protocol, port) ? "RETURN" : "DROP",
            );
          }
        });
      }),
    );
  });

  it("say of the host's own services what the matrix says of the outside, and let the host be answered", () => {
    fc.assert(
      fc.property(policy, probe, (given, { protocol, port }) => {
        const rules = renderPolicy(given, siteOf("h1"));
        if (given.outside === "open") {
          expect(rules).not.toContain("CLK-P-7-host");
          return;
        }
        const asks = (src: string, more: Partial<Packet> = {}) =>
          verdictOf(rules, "CLK-P-7-host", {
            ...first(src, "192.0.2.1", protocol, port, true),
            ...more,
          });
        for (const member of given.members) {
          const allowed =
            member.machine ||
            (member.host === "h1" && opens(reach(given, member, "outside"), protocol, port));
          expect(asks(member.address), member.name).toBe(allowed ? "RETURN" : "DROP");
          expect(asks(member.address, { state: "REPLY", syn: false })).toBe("RETURN");
        }
        expect(asks("10.7.2.1"), "another host").toBe("RETURN");
      }),
    );
  });

  it("keep out whoever is in the network and not known, and let the hosts themselves in", () => {
    fc.assert(
      fc.property(policy, (given) => {
        const [member] = given.members;
        const rules = renderPolicy({ ...given }, siteOf(member!.host));
        const unknown = first("10.7.1.200", member!.address, "tcp", 80);
        expect(verdictOf(rules, "CLK-P-7", unknown)).toBe("DROP");
        const late = first(
          member!.address,
          blockOf(member!.host).replace("0/24", "201"),
          "udp",
          53,
        );
        expect(verdictOf(rules, "CLK-P-7", late)).toBe("DROP");
        const stray = first(member!.address, "10.7.250.200", "tcp", 80);
        expect(verdictOf(rules, "CLK-P-7", stray), "in no host's block").toBe("DROP");
        const host = first("10.7.2.1", member!.address, "tcp", 80);
        expect(verdictOf(rules, "CLK-P-7", host)).toBe("ACCEPT");
      }),
    );
  });

  it("grow with a host's own containers and with the network, not with their square", () => {
    const of = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        name: `c${index}`,
        application: "one",
        service: "web",
        host: index < 10 ? "h1" : "h2",
        address: `10.7.${index < 10 ? 1 : 8 + Math.floor(index / 200)}.${(index % 200) + 10}`,
      }));
    const lines = (count: number) =>
      renderPolicy(
        { isolate: "applications", outside: "open", rules: [], members: of(count) },
        { ...siteOf("h1"), blocks: { h1: blockOf("h1"), h2: "10.7.8.0/21" } },
      ).split("\n").length;
    expect(lines(1010) - lines(510)).toBe(500);
  });

  it("are the same whatever the order of the containers", () => {
    fc.assert(
      fc.property(policy, (given) => {
        const turned = { ...given, members: [...given.members].reverse() };
        expect(renderPolicy(turned, siteOf("h1"))).toBe(renderPolicy(given, siteOf("h1")));
      }),
    );
  });
});

describe("the matrix", () => {
  const shop = { name: "shop-web", application: "shop", service: "web", host: "h1", address: "1" };
  const redis = { name: "redis", application: "data", service: "redis", host: "h2", address: "2" };

  it("has a row for each pair and direction", () => {
    const given: Policy = {
      isolate: "applications",
      outside: "closed",
      members: [shop, redis],
      rules: [
        { from: { application: "shop" }, to: { service: "redis" }, ports: ["6379"] },
        { from: { cidr: "192.0.2.0/24" }, to: { application: "shop" }, ports: ["80"] },
      ],
    };
    const entry = { port: 80, protocol: "tcp" as const, at: "h1", hostPort: 8080 };
    const rows = matrix(given, { ...PUBLISHED, entries: { "shop-web": [entry] } });
    expect(rows).toEqual([
      { from: "redis", to: "shop-web", reach: [] },
      { from: "redis", to: "outside", reach: [] },
      { from: "shop-web", to: "redis", reach: ["6379/tcp"] },
      { from: "shop-web", to: "outside", reach: [] },
      { from: "outside", to: "redis", reach: [] },
      { from: "outside", to: "shop-web", reach: ["80/tcp at h1:8080 (192.0.2.0/24)"] },
    ]);
    const link = matrix(given, { kind: "link" });
    expect(link.at(-1)!.reach, "no port is published there").toEqual(["80/tcp (192.0.2.0/24)"]);
  });
});
