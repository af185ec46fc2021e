import { describe, expect, it } from "vitest";
import type { PlanInput } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { after, ask, host, input, network, on, replicas, sentences } from "../placement/make.js";

const hosts = [host("h1"), host("h2")];
const cidr = "10.42.0.0/16";

function world(over: Partial<PlanInput> & { app?: Parameters<typeof network>[1] } = {}): PlanInput {
  const { app = {}, ...rest } = over;
  const networks = [network("app", { cidr, ...app })];
  return input({ candidates: hosts, networks, ...rest });
}

describe("the gateway of a network", () => {
  it("has the same place in every host's block, and the addresses before it are handed out", () => {
    const requests = replicas("web", 4, { networks: [on("app")] });
    const { networks, assignments, refusals } = planAll(
      world({ app: { gateway: "10.42.0.2", cidr6: "fd00:42::/64" }, requests }),
    );
    expect(refusals).toEqual([]);
    expect(networks["app"]?.hosts).toMatchObject({
      h1: { gateway: "10.42.0.2" },
      h2: { gateway: "10.42.1.2" },
    });
    expect(Object.values(assignments).map(({ addresses }) => addresses["app"])).toEqual([
      "10.42.0.1",
      "10.42.1.1",
      "10.42.0.3",
      "10.42.1.3",
    ]);
  });

  it("is counted from the beginning of the range that blocks are cut from", () => {
    const { networks } = planAll(
      world({ app: { range: "10.42.128.0/17", gateway: "10.42.128.254" } }),
    );
    expect(networks["app"]?.hosts["h2"]).toMatchObject({
      block: "10.42.129.0/24",
      gateway: "10.42.129.254",
    });
  });

  it("on the hosts' own link is the router there, which no container gets", () => {
    const { networks, assignments, refusals } = planAll(
      world({
        app: { driver: "macvlan", gateway: "10.42.0.2" },
        requests: [ask("web", { networks: [on("app")] })],
      }),
    );
    expect(refusals).toEqual([]);
    expect(networks["app"]?.hosts["h1"]?.gateway).toBe("10.42.0.1");
    expect(assignments["web"]?.addresses).toEqual({ app: "10.42.0.3" });
  });

  it("is kept from containers of later plans as well", () => {
    const first = planAll(world({ app: { gateway: "10.42.0.2" } }));
    const { assignments } = planAll(
      input({
        candidates: [host("h1")],
        requests: replicas("late", 2, { networks: [on("app")] }),
        given: { assignments: {}, networks: first.networks, requests: [] },
      }),
    );
    expect(Object.values(assignments).map(({ addresses }) => addresses["app"])).toEqual([
      "10.42.0.1",
      "10.42.0.3",
    ]);
  });

  it("of the hosts' own link is nobody's in later plans either, nor what is reserved, nor a host's own address", () => {
    const reserved = ["10.42.0.4"];
    const underlay = { address: "10.42.0.3", mtu: 1500, routes: ["10.42.0.0/16"] };
    const candidates = [host("h1", { underlay })];
    const app = { driver: "macvlan", gateway: "10.42.0.2", reserved };
    const first = planAll(world({ app, candidates }));
    expect(first.networks["app"]?.reserved).toEqual(["10.42.0.4", "10.42.0.2"]);
    const { assignments } = planAll(
      input({
        candidates,
        requests: [ask("late", { networks: [on("app")] })],
        given: { assignments: {}, networks: first.networks, requests: [] },
      }),
    );
    expect(assignments["late"]?.addresses).toEqual({ app: "10.42.0.5" });
  });

  it("stays with the hosts that have it", () => {
    const given = world({ app: { gateway: "10.42.0.254" } });
    const first = planAll(given);
    expect(planAll(after(given, first)).networks).toEqual(first.networks);
    const { networks } = world();
    expect(sentences(planAll({ ...after(given, first), networks }))).toEqual([
      "network app: the gateway of h1 and h2 cannot change while the network lives, on h1 from 10.42.0.254 to 10.42.0.1: make another network, and move the containers there",
    ]);
  });

  const at = (reason: string, gateway: string) => `network app: gateway ${gateway} ${reason}`;
  it.each([
    ["fd00::1", {}, "is no IPv4 address: that of IPv6 goes with it by itself"],
    [
      "10.42.1.254",
      {},
      "lies outside 10.42.0.0/24, the first block: each host has its gateway at the same place of its own block",
    ],
    ["10.42.0.0", {}, "is the first or last address of block 10.42.0.0/24"],
    ["10.42.0.255", {}, "is the first or last address of block 10.42.0.0/24"],
    [
      "10.42.0.254",
      { driver: "swarm" },
      "is of no use with driver swarm, where Docker leads containers outside by a bridge of its own: leave gateway out",
    ],
    [
      "10.42.0.254",
      { driver: "weave" },
      "is of no use with driver weave, where Docker leads containers outside by a bridge of its own: leave gateway out",
    ],
    ["10.43.0.1", { driver: "macvlan" }, "lies outside 10.42.0.0/16"],
  ])("%s of %j is refused: %s", (gateway, over, reason) => {
    expect(sentences(planAll(world({ app: { gateway, ...over } })))).toEqual([at(reason, gateway)]);
  });

  it("is refused of a network whose addresses the plan chooses", () => {
    const networks = [network("app", { gateway: "10.128.0.254" })];
    expect(sentences(planAll(world({ networks })))).toEqual([
      at("needs cidr: without it the plan chooses the addresses", "10.128.0.254"),
    ]);
  });

  it("can be no container's fixed address", () => {
    const requests = [ask("db", { networks: [on("app", { address: "10.42.1.254" })] })];
    expect(sentences(planAll(world({ app: { gateway: "10.42.0.254" }, requests })))).toEqual([
      "no address for db: 10.42.1.254 on network app is the first, gateway or last address of block 10.42.1.0/24",
    ]);
  });
});
