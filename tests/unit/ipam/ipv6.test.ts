import { describe, expect, it } from "vitest";
import { formatCidr, overlaps, parseCidr, sizeOf } from "../../../provider/ipam/cidr.js";
import { localPool } from "../../../provider/ipam/choose-cidr6.js";
import { Twins } from "../../../provider/ipam/twins.js";
import type { NetworkRequest, PlanInput } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { after, ask, host, input, network, on, sentences } from "../placement/make.js";

const hosts = [host("h1"), host("h2")];
const SIX = "fd12:3456:789a::/64";

function plan(over: Partial<PlanInput>) {
  return planAll(input({ candidates: hosts, ...over }));
}

describe("a network with IPv6", () => {
  const app = network("app", { cidr6: SIX });

  it("has names in both families, and each address of one is the same place in the other", () => {
    const requests = [ask("web-0", { networks: [on("app", { aliases: ["www"] })] })];
    const { networks, assignments } = plan({ networks: [app], requests });
    expect(networks["app"]).toMatchObject({ cidr: "10.128.0.0/16", cidr6: SIX });
    expect(assignments["web-0"]?.addresses).toEqual({ app: "10.128.0.2" });
    expect(networks["app"]?.records).toEqual({
      "web-0": ["10.128.0.2", "fd12:3456:789a::2"],
      www: ["10.128.0.2", "fd12:3456:789a::2"],
    });
    const twins = Twins.of(networks["app"]!);
    expect(twins?.ipv6("10.128.1.0/24")).toBe("fd12:3456:789a::100/120");
    expect(twins?.ipv4("fd12:3456:789a::100/120")).toBe("10.128.1.0/24");
  });

  it("gets a /64 of the stack's own local range, known before hosts exist, and keeps it", () => {
    const [one, two] = [network("app", { ipv6: true }), network("back", { ipv6: true })];
    const first = plan({ networks: [one, two] });
    const pool = parseCidr(formatCidr(localPool("project/dev")));
    expect(pool && sizeOf(pool)).toBe(2n ** 80n);
    expect(first.networks["app"]?.cidr6).toMatch(/^fd[0-9a-f]{2}:[0-9a-f:]+::\/64$/);
    expect(first.networks["back"]?.cidr6).not.toBe(first.networks["app"]?.cidr6);
    const fixed = network("app", { ipv6: true, cidr: "10.9.0.0/16" });
    const early = plan({ networks: [fixed], candidates: [host("h1", { pending: true })] });
    expect(early.networks["app"]?.cidr6).toBe(first.networks["app"]?.cidr6);
    const world = input({ candidates: hosts, networks: [two, one] });
    expect(planAll({ ...after(world, first), networks: [two, one] }).networks).toEqual(
      first.networks,
    );
  });

  const made: [string, Partial<NetworkRequest>][] = [
    ["carved", { ipv6: true }],
    ["plain", {}],
    ["fixed4", { ipv6: true, cidr: "10.9.0.0/16" }],
    ["fixed6", { cidr6: SIX }],
    ["fixed", { ipv6: true, cidr: "10.8.0.0/16", cidr6: "fd12:3456:789b::/64" }],
    ["last", { ipv6: true, cidr: "10.7.0.0/16" }],
  ];

  it.each([made, [...made].reverse()])(
    "has in the preview, before all hosts exist, the range that it gets (%j first)",
    (...order) => {
      const networks = order.map(([name, over]) => network(name, over));
      const early = plan({ networks, candidates: [host("h1", { pending: true })] });
      const later = plan({ networks });
      expect(Object.keys(early.networks).sort()).toEqual(["fixed", "fixed4", "last"]);
      for (const [name, { cidr6 }] of Object.entries(early.networks))
        expect(cidr6, name).toBe(later.networks[name]?.cidr6);
    },
  );

  it("is not known while networks that may come before it are not", () => {
    const {
      [0]: carved,
      [2]: fixed4,
      [4]: fixed,
    } = made.map(([name, over]) => network(name, over));
    const decided = { requests: [], revisions: [], networks: [], earlier: false };
    for (const unknown of [{ earlier: true }, { networks: ["other"] }]) {
      const undecided = { ...decided, ...unknown };
      const networks = [network("other"), carved!, fixed4!, fixed!];
      const result = plan({ networks, undecided });
      expect(result.pending.networks).toEqual(
        expect.arrayContaining(["other", "carved", "fixed4"]),
      );
      expect(Object.keys(result.networks)).toEqual(["fixed"]);
    }
  });

  it("comes of another pool in another cloud of the same stack, on the hosts of both", () => {
    const networks = [network("app", { ipv6: true })];
    const one = plan({ networks, cloud: "one" });
    const two = plan({ networks, cloud: "two" });
    expect(plan({ networks, cloud: "one" }).networks).toEqual(one.networks);
    const { cidr6: first } = one.networks["app"]!;
    const { cidr6: second } = two.networks["app"]!;
    expect(overlaps(parseCidr(first!)!, parseCidr(second!)!)).toBe(false);
  });

  it("takes fixed and reserved addresses of either family", () => {
    const requests = [
      ask("db", { networks: [on("app", { address: "fd12:3456:789a::5:5" })] }),
      ask("web-0", { networks: [on("app", { address: "fd12:3456:789a::3" })] }),
      ask("web-1", { networks: [on("app")] }),
      ask("web-2", { networks: [on("app", { address: "FD12:3456:789A:0::2" })] }),
    ];
    const reserved = ["fd12:3456:789a::2"];
    const result = plan({ networks: [{ ...app, reserved }], requests, candidates: [host("h1")] });
    expect(result.assignments["web-0"]?.addresses).toEqual({ app: "10.128.0.3" });
    expect(result.assignments["web-1"]?.addresses).toEqual({ app: "10.128.0.4" });
    expect(sentences(result)).toEqual([
      "no address for db: fd12:3456:789a::5:5 on network app lies outside 10.128.0.0/16 and fd12:3456:789a::/112",
      "no address for web-2: 10.128.0.2 on network app is reserved",
    ]);
  });

  it.each([
    [
      { cidr6: "fd12::/113" },
      {},
      "network app: fd12::/113 has 32768 addresses, and 10.128.0.0/16 has 65536: each needs one, so take a /112 or larger",
    ],
    [
      { cidr6: "fd12::1/64" },
      {},
      "network app: fd12::1/64 is not an IPv6 CIDR such as fd12:3456:789a::/64",
    ],
    [
      { cidr6: "10.3.0.0/16" },
      {},
      "network app: 10.3.0.0/16 is no IPv6 CIDR: give it as cidr, and cidr6 beside it",
    ],
    [
      { cidr6: SIX },
      { routes: ["fd12:3456::/32"] },
      `network app: ${SIX} overlaps route fd12:3456::/32 of h1`,
    ],
    [
      { cidr6: SIX, driver: "swarm" },
      {},
      "network app: driver swarm carries no IPv6: take driver vxlan, routed, wireguard or ovs, or leave ipv6 and cidr6 out",
    ],
    [
      { cidr6: SIX },
      { mtu: 1300 },
      "network app: MTU 1250 is too small for IPv6, which needs 1280",
    ],
  ])("refuses %j on a host with %j", (asked, underlay, sentence) => {
    const seen = { address: "192.168.7.2", mtu: 1500, routes: ["192.168.7.0/24"], ...underlay };
    const result = plan({
      candidates: [host("h1", { underlay: seen })],
      networks: [network("app", asked)],
    });
    expect(sentences(result)).toEqual([sentence]);
  });

  it("does not share its range with another network of the program, nor with Docker's", () => {
    const twice = plan({ networks: [app, network("back", { cidr6: "fd12:3456:789a::/56" })] });
    expect(sentences(twice)).toEqual([
      `network back: fd12:3456:789a::/56 overlaps network app (${SIX})`,
    ]);
    const docker = [{ name: "compose", owner: "", cidrs: ["172.20.0.0/16", SIX] }];
    const taken = plan({ candidates: [host("h1", { networks: docker })], networks: [app] });
    expect(sentences(taken)).toEqual([
      `network app: ${SIX} overlaps network compose (${SIX}) on h1`,
    ]);
  });

  it("keeps a range that is on its hosts because of it", () => {
    const underlay = { address: "192.168.7.2", mtu: 1500, routes: [SIX] };
    const ownNetworks = { app: { cidr: "10.140.0.0/16", cidr6: SIX, vni: 4711 } };
    const result = plan({
      candidates: [host("h1", { underlay, ownNetworks })],
      networks: [network("app", { ipv6: true })],
    });
    expect(sentences(result)).toEqual([]);
    expect(result.networks["app"]).toMatchObject({ cidr: "10.140.0.0/16", cidr6: SIX });
  });

  it("is none without being asked for, also where it was one", () => {
    const first = plan({ networks: [app] });
    const world = input({ candidates: hosts, networks: [app] });
    const later = planAll({ ...after(world, first), networks: [network("app")] });
    expect(later.networks["app"]).toEqual({ ...first.networks["app"], cidr6: undefined });
  });
});
