import { describe, expect, it } from "vitest";
import type {
  NetworkAllocation,
  PlanInput,
  PlanResult,
} from "../../../provider/placement/model.js";
import {
  toAddedNames,
  toAllocations,
  toAssignments,
  toHostSupply,
} from "../../../provider/resources/placement/leaves.js";
import type { PlacementInputs, PlanNetwork } from "../../../provider/resources/placement/inputs.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import { ask, assigned, host, input, network, on } from "./make.js";
import { inputs, planHost } from "./plan-world.js";

const unknown = UNKNOWN as never;

const result = (over: Partial<PlanResult> = {}): PlanResult => ({
  assignments: {},
  networks: {},
  addedNames: {},
  pending: { requests: [], networks: [] },
  refusals: [],
  ...over,
});

const allocation = (over: Partial<NetworkAllocation> = {}): NetworkAllocation => ({
  ...{ cidr: "10.9.0.0/16", driver: "vxlan", vni: 7, mtu: 1450, records: {} },
  hosts: { h1: { block: "10.9.0.0/24", gateway: "10.9.0.1", underlay: "192.168.7.1" } },
  ...over,
});

const connection = planHost("m1").connection;
const machine = { name: "Db", aliases: ["SQL"], connection };

describe("what is known of a container", () => {
  const show = (requests: PlacementInputs["requests"], over: Partial<PlanResult>) =>
    toAssignments(inputs({ requests }), input({ undecided: undefined as never }), result(over));

  it("is its place, and its addresses as far as they are decided", () => {
    const web = assigned("h1", { addresses: { app: "10.9.0.2", old: "10.8.0.2" } });
    const networks = [on("app"), on("late"), { ...on("x"), network: unknown }];
    expect(show([ask("web", { networks })], { assignments: { web } })).toEqual({
      web: { ...web, addresses: { app: "10.9.0.2", late: UNKNOWN } },
    });
    expect(show([ask("web", { networks: unknown })], { assignments: { web } })).toEqual({
      web: { ...web, addresses: {} },
    });
  });

  it("is nothing where it was refused, and its networks alone while it waits", () => {
    expect(show([ask("web")], {})).toEqual({});
    const pending = { requests: ["web", "api"], networks: [] };
    const waits = { host: UNKNOWN, score: UNKNOWN, reason: "placed after hosts exist" };
    const requests = [ask("web", { networks: [on("app")] }), ask("api", { networks: unknown })];
    expect(show(requests, { pending })).toEqual({
      web: { ...waits, addresses: { app: UNKNOWN }, revision: "r1" },
      api: { ...waits, addresses: UNKNOWN, revision: "r1" },
    });
  });
});

describe("what is known of a network", () => {
  const show = (
    spec: Partial<PlanNetwork>,
    decided: NetworkAllocation | undefined,
    world: Partial<PlanInput> = {},
    assignments: Parameters<typeof toAllocations>[3] = {},
  ) => {
    const news = inputs({ networks: [{ ...network("app"), ...spec }] });
    const found = decided
      ? result({ networks: { app: decided } })
      : result({ pending: { requests: [], networks: ["app"] } });
    return toAllocations(news, input(world), found, assignments)["app"];
  };
  const coming = host("h2", { pending: true });

  it("is all of it where all hosts are there, and nothing where it was refused", () => {
    expect(show({}, allocation(), { candidates: [host("h1")] })).toEqual(allocation());
    expect(toAllocations(inputs(), input(), result(), {})).toEqual({});
  });

  it("is not the underlay of a host that is yet to be made, nor what may have to bend to it", () => {
    const hosts = { ...allocation().hosts, h2: { block: "b", gateway: "g", underlay: "" } };
    const world = { candidates: [host("h1"), coming] };
    expect(show({}, allocation({ hosts }), world)).toEqual(
      allocation({
        hosts: { ...hosts, h2: { ...hosts.h2, underlay: UNKNOWN } },
        ...{ driver: unknown, mtu: unknown },
      }),
    );
    const fixed = show({ driver: "routed", mtu: 1400 }, allocation({ driver: "routed" }), world);
    expect(fixed).toMatchObject({ driver: "routed", mtu: 1400 });
    expect(show({ driver: "auto" }, allocation(), world)?.driver).toBe(UNKNOWN);
  });

  it("is the driver of a network that has one, also of one from before it was written down", () => {
    const networks = { app: allocation() };
    const world = { candidates: [coming], previous: { assignments: {}, networks } };
    expect(show({}, allocation(), world)).toMatchObject({ driver: "vxlan", mtu: UNKNOWN });
    const { driver: _, ...old } = allocation();
    expect(show({}, old, world)?.driver).toBe(UNKNOWN);
  });

  it("looks for who is yet to be made among its own machines", () => {
    const named = (name: string) => [
      { name, machines: [{ name: "m1", aliases: [], pending: true }] },
    ];
    const of = (name: string) =>
      show({}, allocation({ machines: { m1: { address: "10.9.255.254", underlay: "" } } }), {
        networks: named(name).map((each) => ({ ...network(each.name), ...each })),
      });
    expect(of("app")?.machines).toEqual({ m1: { address: "10.9.255.254", underlay: UNKNOWN } });
    expect(of("lan")?.machines).toEqual({ m1: { address: "10.9.255.254", underlay: "" } });
  });

  it("is what the program fixes while nothing is decided, and which hosts will be on it", () => {
    const world = { candidates: [host("h1"), coming, host("h3", { notReady: "is gone" })] };
    const waits = { block: UNKNOWN, gateway: UNKNOWN, underlay: UNKNOWN };
    const nothing = {
      ...{ cidr: UNKNOWN, driver: UNKNOWN, vni: UNKNOWN, mtu: UNKNOWN, records: {} },
      hosts: { h1: waits, h2: waits },
    };
    expect(show({}, undefined, world)).toEqual(nothing);
    const fixed = { cidr: "10.9.0.0/16", driver: "vxlan", mtu: 1400 };
    expect(show(fixed, undefined, world)).toEqual({ ...nothing, ...fixed });
  });

  it("are its machines, and their names without the addresses that wait", () => {
    const at = { ...machine, name: "lb", aliases: [], address: "10.9.0.9" };
    expect(show({ machines: [machine, at] }, undefined)).toMatchObject({
      machines: {
        Db: { address: UNKNOWN, underlay: UNKNOWN },
        lb: { address: "10.9.0.9", underlay: UNKNOWN },
      },
      records: { db: UNKNOWN, sql: UNKNOWN },
    });
    const vague = show({ machines: [{ ...machine, aliases: unknown }] }, undefined);
    expect(vague?.records).toEqual({ db: UNKNOWN });
    const all = show({ machines: unknown }, undefined);
    expect(all).toMatchObject({ machines: UNKNOWN, records: {} });
    const known = { Db: { address: "10.9.0.9", underlay: "u" } };
    expect(show({ machines: [machine] }, allocation({ machines: known }))?.records).toEqual({});
  });

  it("are the names of its containers, without the addresses that wait", () => {
    const requests = [
      ask("Web", { networks: [on("app", { aliases: ["WWW"] })] }),
      ask("api", { networks: [on("app")] }),
      ask("db", { networks: [on("app")] }),
      ask("off", { networks: [on("lan")] }),
    ];
    const addresses = { app: UNKNOWN };
    const assignments = {
      Web: assigned("h1", { addresses }),
      api: assigned("h1", { addresses: unknown }),
      db: assigned("h1", { addresses: { app: "10.9.0.4" } }),
      off: assigned("h1", { addresses }),
    };
    const records = { db: ["10.9.0.4"] };
    expect(show({}, allocation({ records }), { requests }, assignments)?.records).toEqual({
      ...{ web: UNKNOWN, www: UNKNOWN, api: UNKNOWN, db: ["10.9.0.4"] },
    });
  });
});

describe("names on networks of earlier plans", () => {
  it("are of those networks alone, sorted, and absent where there are none", () => {
    const requests = [
      ask("web", { networks: [on("late"), on("app"), on("early")] }),
      ask("api", { networks: [on("late"), on("none")] }),
    ];
    const place = { late: "10.7.0.2", app: "10.9.0.2", early: UNKNOWN, none: "10.6.0.2" };
    const assignments = {
      web: assigned("h1", { addresses: place }),
      api: assigned("h1", { addresses: place }),
    };
    const found = toAddedNames(
      inputs(),
      input({ requests }),
      result({ addedNames: { late: { web: ["10.7.0.2"] }, none: {} } }),
      assignments,
    );
    expect(found).toEqual({ early: { web: UNKNOWN }, late: { web: ["10.7.0.2"] } });
    expect(Object.keys(found)).toEqual(["early", "late"]);
  });
});

describe("how many hosts there should be", () => {
  const counted = result({ supply: { neededHosts: 2 } as never });
  const supply = (headroom: object, world: Partial<PlanInput> = {}) =>
    toHostSupply(input({ supply: { headroom }, ...world }), counted);
  const known = { hostSupply: counted.supply };
  const free = { cpus: 1 };

  it("is said where it was asked for", () => {
    expect(supply({ count: 2 })).toEqual(known);
    expect(toHostSupply(input({ supply: { headroom: free } }), result())).toEqual({});
    expect(toHostSupply(input(), counted)).toEqual({});
  });

  it.each<[string, Partial<Parameters<typeof host>[1]>, object]>([
    ["known where what a coming host offers is declared", {}, known],
    ["unknown while its cpus are not", { cpus: Infinity }, { hostSupply: UNKNOWN }],
    ["unknown while its memory is not", { memoryBytes: Infinity }, { hostSupply: UNKNOWN }],
  ])("is, as resources, %s", (_, over, expected) => {
    const candidates = [host("h1"), host("h2", { pending: true, ...over })];
    expect(supply(free, { candidates })).toEqual(expected);
    for (const places of [{ count: 2 }, { percent: 20 }])
      expect(supply(places, { candidates })).toEqual(known);
  });

  it("is not in doubt for one that is there and does not answer", () => {
    const candidates = [host("h1", { cpus: Infinity, memoryBytes: Infinity })];
    expect(supply(free, { candidates })).toEqual(known);
  });

  it("waits, as resources, for what containers ask", () => {
    const undecided = { requests: ["web"], revisions: [], networks: [], earlier: false };
    expect(supply(free, { undecided })).toEqual({ hostSupply: UNKNOWN });
    expect(supply(free, { undecided: { ...undecided, requests: [] } })).toEqual(known);
  });
});
