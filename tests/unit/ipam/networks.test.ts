import { describe, expect, it } from "vitest";
import type { NetworkAllocation, PlanInput } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import {
  after,
  ask,
  assigned,
  host,
  input,
  network,
  on,
  replicas,
  sentences,
} from "../placement/make.js";

const app = { networks: [network("app")] };
const hosts = (n: number) => Array.from({ length: n }, (_, i) => host(`h${i + 1}`));

function allocation(over: Partial<NetworkAllocation> = {}): NetworkAllocation {
  return { cidr: "10.128.0.0/16", vni: 7, mtu: 1450, hosts: {}, records: {}, ...over };
}

function plan(over: Partial<PlanInput>) {
  return planAll(input({ candidates: hosts(2), ...app, ...over }));
}

describe("a network", () => {
  it("gets the first free range of the pool and one block for each host", () => {
    const { networks } = plan({});
    expect(networks["app"]).toMatchObject({
      cidr: "10.128.0.0/16",
      mtu: 1450,
      hosts: {
        h1: { block: "10.128.0.0/24", gateway: "10.128.0.1", underlay: "192.168.7.2" },
        h2: { block: "10.128.1.0/24", gateway: "10.128.1.1", underlay: "192.168.7.3" },
      },
    });
  });

  it("goes round routes, Docker networks and the plan's other networks", () => {
    const underlay = { address: "192.168.7.2", mtu: 1500, routes: ["10.128.0.0/16", "0.0.0.0/0"] };
    const networks = [{ name: "compose", owner: "", cidrs: ["10.129.7.0/24"], vni: 1 }];
    const result = plan({
      candidates: [host("h1", { underlay, networks })],
      networks: [network("app"), network("fixed", { cidr: "10.130.0.0/16" }), network("last")],
    });
    expect(Object.values(result.networks).map(({ cidr }) => cidr)).toEqual([
      "10.131.0.0/16",
      "10.130.0.0/16",
      "10.132.0.0/16",
    ]);
  });

  it("gets no new range while another network is undecided, which may take it", () => {
    const networks = [network("app"), network("back"), network("fixed", { cidr: "10.9.0.0/16" })];
    const undecided = { requests: [], revisions: [], networks: ["app"], earlier: false };
    const early = plan({ networks, undecided });
    expect(early.pending.networks).toEqual(["app", "back"]);
    expect(early.networks["fixed"]).toEqual(plan({ networks }).networks["fixed"]);
  });

  it("keeps range and identifier, though its own route is now seen on the hosts", () => {
    const first = plan({});
    const underlay = { address: "192.168.7.2", mtu: 1500, routes: ["10.128.0.0/16"] };
    const world = after(input({ candidates: hosts(2), ...app }), first);
    const second = planAll({ ...world, candidates: [host("h1", { underlay }), host("h2")] });
    expect(second.networks).toEqual(first.networks);
    expect(second.refusals).toEqual([]);
  });

  it("finds itself again on the hosts when there is no state", () => {
    const ownNetworks = { app: { cidr: "10.140.0.0/16", vni: 4711 } };
    const { networks } = plan({ candidates: [host("h1", { ownNetworks }), host("h2")] });
    expect(networks["app"]).toMatchObject({ cidr: "10.140.0.0/16", vni: 4711 });
  });

  it("has an identifier of its own that follows from stack and name", () => {
    const { networks } = plan({ networks: [network("app"), network("back")] });
    const vni = networks["app"]?.vni ?? 0;
    expect(vni).toBeGreaterThan(0);
    expect(vni).toBeLessThanOrEqual(0xffffff);
    expect(networks["back"]?.vni).not.toBe(vni);
    const taken = [{ name: "x", owner: "a/b/x", cidrs: [], vni }];
    expect(plan({ candidates: [host("h1", { networks: taken })] }).networks["app"]?.vni).toBe(
      vni + 1,
    );
  });

  it("takes the smallest underlay into account, and a given MTU as it is", () => {
    const slow = host("h2", { underlay: { address: "10.0.0.2", mtu: 1400, routes: [] } });
    const networks = [network("app"), network("given", { mtu: 1280 })];
    const result = plan({ candidates: [host("h1"), slow], networks });
    expect(result.networks["app"]?.mtu).toBe(1350);
    expect(result.networks["given"]?.mtu).toBe(1280);
  });

  it("gives the block of a host that left only when nothing else is left", () => {
    const small = { networks: [network("app", { cidr: "10.20.0.0/23" })] };
    const first = input({ candidates: hosts(1), ...small });
    const second = { ...after(first, planAll(first)), candidates: [host("h2")] };
    const third = { ...after(second, planAll(second)), candidates: [host("h2"), host("h3")] };
    const result = planAll(third);
    expect(planAll(second).networks["app"]).toMatchObject({
      hosts: { h2: { block: "10.20.1.0/24" } },
      retired: [{ host: "h1", block: "10.20.0.0/24" }],
    });
    expect(result.networks["app"]?.hosts["h3"]?.block).toBe("10.20.0.0/24");
    expect(result.networks["app"]?.retired).toBeUndefined();
  });
});

describe("a network is refused", () => {
  const route = { underlay: { address: "192.168.7.2", mtu: 1500, routes: ["10.0.0.0/8"] } };
  const foreign = {
    networks: [{ name: "shop-1", owner: "shop/prod/app", cidrs: ["10.1.0.0/16"] }],
  };
  const cases: [name: string, over: Partial<PlanInput>, sentence: string][] = [
    [
      "when its range overlaps a route",
      {
        candidates: [host("h1", route), host("h2", route)],
        networks: [network("app", { cidr: "10.1.0.0/16" })],
      },
      "network app: 10.1.0.0/16 overlaps route 10.0.0.0/8 of h1 and h2",
    ],
    [
      "when its range overlaps another stack's network",
      {
        candidates: [host("h1", foreign)],
        networks: [network("app", { cidr: "10.1.2.0/23" })],
      },
      "network app: 10.1.2.0/23 overlaps network shop/prod/app (10.1.0.0/16) on h1",
    ],
    [
      "when two of the plan overlap",
      {
        networks: [network("a", { cidr: "10.1.0.0/16" }), network("b", { cidr: "10.1.128.0/17" })],
      },
      "network b: 10.1.128.0/17 overlaps network a (10.1.0.0/16)",
    ],
    [
      "when the pool is used up",
      { candidates: [host("h1", route)] },
      "network app: the pool 10.128.0.0/9 has no free /16: 128 of 128 overlap other networks or routes of hosts",
    ],
    [
      "when there are more hosts than blocks",
      { candidates: hosts(3), networks: [network("app", { cidr: "10.20.0.0/23" })] },
      "network app: 10.20.0.0/23 has 2 blocks of /24 for 3 hosts: none is left for h3",
    ],
    [
      "when two containers have one name there",
      { requests: [ask("Web", { networks: [on("app")] }), ask("web", { networks: [on("app")] })] },
      "network app: Web and web are the same name there",
    ],
    [
      "when an alias is another container's name",
      {
        requests: [
          ask("redis", { networks: [on("app")] }),
          ask("cache", { networks: [on("app", { aliases: ["redis"] })] }),
        ],
      },
      "network app: alias redis of cache is the name of redis",
    ],
    [
      "when a container is on a network that is not there",
      { networks: [], requests: [ask("web", { networks: [on("app")] })] },
      "no address for web: there is no network app in the cloud",
    ],
  ];

  it.each(cases)("%s", (_name, over, sentence) => {
    expect(sentences(plan(over))).toEqual([sentence]);
  });
});

describe("addresses", () => {
  const attached = { networks: [on("app", { aliases: ["web"] })] };

  it("are the lowest free ones of the host's block, and names resolve to them", () => {
    const result = plan({ requests: replicas("app", 3, attached) });
    expect(Object.values(result.assignments).map(({ addresses }) => addresses["app"])).toEqual([
      "10.128.0.2",
      "10.128.1.2",
      "10.128.0.3",
    ]);
    expect(result.networks["app"]?.records).toEqual({
      "app-0": ["10.128.0.2"],
      "app-1": ["10.128.1.2"],
      "app-2": ["10.128.0.3"],
      web: ["10.128.0.2", "10.128.0.3", "10.128.1.2"],
    });
  });

  it("skip what is reserved, alive or promised to somebody who leaves", () => {
    const requests = [ask("web", attached)];
    const gone = assigned("h1", { addresses: { app: "10.128.0.3" } });
    const result = plan({
      candidates: [host("h1", { usedAddresses: { app: ["10.128.0.4"] } })],
      networks: [network("app", { reserved: ["10.128.0.2"] })],
      requests,
      previous: { assignments: { gone }, networks: {} },
    });
    expect(result.assignments["web"]?.addresses).toEqual({ app: "10.128.0.5" });
  });

  it("change with the revision, and back is not before the old one is gone", () => {
    const requests = [ask("web", { ...attached, revision: "r2" })];
    const web = assigned("h1", { addresses: { app: "10.128.0.2" } });
    const previous = { assignments: { web }, networks: { app: allocation() } };
    const next = plan({ requests, previous });
    expect(next.assignments["web"]).toMatchObject({
      addresses: { app: "10.128.0.3" },
      revision: "r2",
    });
    const stopped = plan({
      requests: [ask("web", { ...attached, revision: "r2", stopFirst: true })],
      previous,
    });
    expect(stopped.assignments["web"]?.addresses).toEqual({ app: "10.128.0.2" });
  });

  const fixed = (address: string) => ({ networks: [on("app", { address })] });

  it("fixed by the user may lie in another host's block", () => {
    const result = plan({ requests: [ask("db", fixed("10.128.1.9")), ask("web", attached)] });
    expect(result.refusals).toEqual([]);
    expect(result.assignments["db"]).toMatchObject({
      host: "h1",
      addresses: { app: "10.128.1.9" },
    });
  });

  const wrong: [address: string, problem: string][] = [
    ["10.99.0.5", "lies outside 10.128.0.0/16"],
    ["10.128.0.1", "is the first, gateway or last address of block 10.128.0.0/24"],
    ["10.128.255.255", "is the network's own or broadcast address"],
    ["10.128.0.7", "is reserved"],
    ["10.128.0.8", "is in use by first"],
  ];
  it.each(wrong)("fixed at %s are refused: %s", (address, problem) => {
    const result = plan({
      networks: [network("app", { reserved: ["10.128.0.7"] })],
      requests: [ask("first", fixed("10.128.0.8")), ask("db", fixed(address))],
    });
    expect(sentences(result)).toEqual([`no address for db: ${address} on network app ${problem}`]);
  });

  it("run out with numbers", () => {
    const result = plan({
      candidates: hosts(1),
      requests: replicas("web", 255, { networks: [on("app")] }),
    });
    expect(sentences(result)).toEqual([
      "network app: block 10.128.0.0/24 on h1 is full: 253 of 253 addresses in use",
    ]);
    expect(result.refusals[0]?.hosts).toHaveLength(2);
  });

  it("of earlier plans are taken, and their networks can be attached to", () => {
    const hostsOfApp = {
      h1: { block: "10.50.0.0/24", gateway: "10.50.0.1", underlay: "192.168.7.2" },
    };
    const result = plan({
      candidates: hosts(1),
      networks: [],
      requests: [ask("late", attached)],
      given: {
        assignments: { early: assigned("h1", { addresses: { app: "10.50.0.2" } }) },
        networks: { app: allocation({ cidr: "10.50.0.0/16", hosts: hostsOfApp }) },
        requests: [ask("early", { networks: [on("app", { aliases: ["db"] })] })],
      },
    });
    expect(result.assignments["late"]?.addresses).toEqual({ app: "10.50.0.3" });
    expect(result.networks).toEqual({});
    expect(result.addedNames).toEqual({ app: { late: ["10.50.0.3"], web: ["10.50.0.3"] } });
  });

  it("of earlier plans have names that later containers cannot take, and aliases that they can share", () => {
    const hostsOfApp = {
      h1: { block: "10.50.0.0/24", gateway: "10.50.0.1", underlay: "192.168.7.2" },
    };
    const result = plan({
      candidates: hosts(1),
      networks: [],
      requests: [
        ask("late", { networks: [on("app", { aliases: ["early", "db"] })] }),
        ask("DB", attached),
      ],
      given: {
        assignments: {},
        networks: { app: allocation({ cidr: "10.50.0.0/16", hosts: hostsOfApp }) },
        requests: [ask("early", { networks: [on("app", { aliases: ["shared"] })] })],
      },
    });
    expect(sentences(result)).toEqual([
      "network app: alias early of late is the name of early",
      "network app: alias db of late is the name of DB",
    ]);
  });
});
