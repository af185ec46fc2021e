import { describe, expect, it } from "vitest";
import { chooseDriver, isPublic } from "../../../provider/ipam/choose-driver.js";
import type { Candidate, NetworkAllocation } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { ask, host, input, network, on, sentences } from "../placement/make.js";

const at = (name: string, address: string, routes = ["10.0.0.0/24"]): Candidate =>
  host(name, { underlay: { address, mtu: 1500, routes } });
const near = [at("h1", "10.0.0.1"), at("h2", "10.0.0.2")];
const far = [...near, at("h3", "10.0.9.3", ["10.0.9.0/24"])];
const exposed = [...near, at("h3", "8.8.4.4", ["8.8.4.0/24"])];
const had = (driver?: string): NetworkAllocation => ({
  cidr: "10.1.0.0/16",
  vni: 1,
  mtu: 1450,
  hosts: { h1: { block: "10.1.0.0/24", gateway: "10.1.0.1", underlay: "10.0.0.1" } },
  records: {},
  ...(driver === undefined ? {} : { driver }),
});

describe("the driver of a network", () => {
  it.each([
    ["by itself", {}, near, "vxlan"],
    ["auto, neighbours", { driver: "auto" }, near, "routed"],
    ["auto, several links", { driver: "auto" }, far, "vxlan"],
    ["auto, a host nobody has seen", { driver: "auto" }, [...near, host("h9")], "vxlan"],
    ["a public address", {}, exposed, "wireguard"],
    ["a public address, trusted", { encryption: false }, exposed, "vxlan"],
    ["encryption asked for", { encryption: true }, near, "wireguard"],
    ["auto with encryption", { driver: "auto", encryption: true }, near, "wireguard"],
    ["named", { driver: "routed" }, near, "routed"],
    [
      "named although links differ, on the user's word",
      { driver: "routed", sameLink: true },
      far,
      "routed",
    ],
  ] as const)("%s", (_, over, hosts, driver) => {
    expect(chooseDriver(network("app", over), hosts, undefined)).toEqual({ driver });
  });

  it("stays, whatever the hosts would have got now", () => {
    expect(chooseDriver(network("app", { driver: "auto" }), near, had("vxlan"))).toEqual({
      driver: "vxlan",
    });
    expect(chooseDriver(network("app"), near, had("wireguard"))).toEqual({ driver: "wireguard" });
    expect(chooseDriver(network("app"), near, had())).toEqual({ driver: "vxlan" });
  });

  it("a network from before drivers were chosen keeps its public hosts, but takes no new one in clear", () => {
    const old = had();
    old.hosts = { h3: { block: "10.1.0.0/24", gateway: "10.1.0.1", underlay: "8.8.4.4" } };
    expect(chooseDriver(network("app"), exposed, old)).toEqual({ driver: "vxlan" });
    expect(chooseDriver(network("app"), exposed, had()).refusal).toBe(
      "network app: h3 (8.8.4.4) is not on a private network, and driver vxlan does not encrypt: take driver wireguard, or set encryption to false",
    );
  });

  it.each([
    [
      { driver: "vxlan", encryption: true },
      near,
      "network app: driver vxlan does not encrypt: take driver wireguard, or set encryption to false",
    ],
    [
      { driver: "wireguard", encryption: false },
      near,
      "network app: driver wireguard always encrypts: leave encryption out, or take driver vxlan",
    ],
    [
      { driver: "routed" },
      far,
      "network app: driver routed needs neighbours, and h3 (10.0.9.3) is not on the link 10.0.0.0/24 of the others: take driver vxlan, or set sameLink to true if they are",
    ],
    [
      {},
      [...near, at("h3", "2001:db8::3")],
      "network app: h3 (2001:db8::3) is reached by IPv6, and hosts reach each other by IPv4: give it an IPv4 address as privateAddress",
    ],
    [
      { driver: "wireguard" },
      [at("h3", "2001:db8::3"), at("h4", "fd00::4")],
      "network app: h3 (2001:db8::3) and h4 (fd00::4) are reached by IPv6, and hosts reach each other by IPv4: give each an IPv4 address as privateAddress",
    ],
  ])("refuses %o", (over, hosts, sentence) => {
    expect(chooseDriver(network("app", over), hosts, undefined).refusal).toBe(sentence);
  });
});

describe("public addresses", () => {
  it.each([
    ["10.1.2.3", false],
    ["172.31.0.1", false],
    ["172.32.0.1", true],
    ["192.168.7.7", false],
    ["100.64.1.1", false],
    ["192.0.2.1", false],
    ["8.8.8.8", true],
    ["not an address", false],
  ])("%s: %s", (address, expected) => {
    expect(isPublic(address)).toBe(expected);
  });
});

describe("a network on the hosts' own LAN", () => {
  const lan = { cidr: "10.0.0.0/24", blockPrefix: 28, range: "10.0.0.128/25" };
  const hosts = [at("h1", "10.0.0.130"), at("h2", "10.0.0.2")];

  it("may have the LAN's CIDR, cuts blocks from its range, and gives no host's address away", () => {
    const asked = input({
      candidates: hosts,
      networks: [network("office", { ...lan, driver: "macvlan" })],
      requests: [
        ask("a", { networks: [on("office")], constraints: [{ kind: "host", host: "h1" }] }),
      ],
    });
    const result = planAll(asked);
    expect(result.refusals).toEqual([]);
    expect(result.networks["office"]?.hosts["h1"]).toEqual({
      block: "10.0.0.128/28",
      gateway: "10.0.0.129",
      underlay: "10.0.0.130",
    });
    expect(result.networks["office"]?.mtu).toBe(1500);
    expect(result.assignments["a"]?.addresses).toEqual({ office: "10.0.0.131" });
  });

  it("other drivers are refused it", () => {
    const result = planAll(input({ candidates: hosts, networks: [network("office", lan)] }));
    expect(sentences(result)).toEqual([
      "network office: 10.0.0.0/24 overlaps route 10.0.0.0/24 of h1 and h2",
    ]);
  });

  it("a range outside is refused", () => {
    const over = { cidr: "10.9.0.0/24", range: "10.8.0.0/25", blockPrefix: 28 };
    const result = planAll(input({ candidates: hosts, networks: [network("office", over)] }));
    expect(sentences(result)).toEqual([
      "network office: range 10.8.0.0/25 is not a part of 10.9.0.0/24",
    ]);
  });
});

describe("an address outside its host's block", () => {
  it("is in the plan, for drivers that route blocks", () => {
    const result = planAll(
      input({
        candidates: near,
        networks: [network("app", { cidr: "10.1.0.0/16" })],
        requests: [
          ask("a", {
            networks: [on("app", { address: "10.1.0.9" })],
            constraints: [{ kind: "host", host: "h2" }],
          }),
        ],
      }),
    );
    expect(result.networks["app"]?.hosts["h1"]?.extra).toBeUndefined();
    expect(result.networks["app"]?.hosts["h2"]?.extra).toEqual(["10.1.0.9"]);
  });
});

describe("a network of the swarm", () => {
  it("leaves the end of its range to Docker", () => {
    const asked = input({
      candidates: near,
      networks: [network("app", { cidr: "10.1.0.0/24", blockPrefix: 25, driver: "swarm" })],
      requests: [
        ask("a", {
          networks: [on("app", { address: "10.1.0.200" })],
          constraints: [{ kind: "host", host: "h2" }],
        }),
      ],
    });
    expect(sentences(planAll(asked))).toEqual([
      "no address for a: 10.1.0.200 on network app is reserved",
    ]);
  });
});
