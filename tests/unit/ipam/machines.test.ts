import { describe, expect, it } from "vitest";
import type {
  MachineRequest,
  NetworkRequest,
  PlanInput,
} from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { after, ask, host, input, on, sentences } from "../placement/make.js";

const machine = (name: string, over: Partial<MachineRequest> = {}): MachineRequest => ({
  name,
  aliases: [],
  underlay: { address: "192.168.7.40", mtu: 1500, routes: ["192.168.7.0/24"] },
  ...over,
});

const network = (
  machines: MachineRequest[],
  over: Partial<NetworkRequest> = {},
): NetworkRequest => ({
  name: "app",
  blockPrefix: 24,
  reserved: [],
  machines,
  ...over,
});

const world = (networks: NetworkRequest[], over: Partial<PlanInput> = {}): PlanInput =>
  input({ candidates: [host("h1"), host("h2")], networks, ...over });

const plan = (networks: NetworkRequest[], over?: Partial<PlanInput>) =>
  planAll(world(networks, over));

describe("a machine without Docker on a network", () => {
  it("gets the last address of the CIDR, and its names resolve to it", () => {
    const { networks } = plan([network([machine("db", { aliases: ["sql"] }), machine("old")])]);
    expect(networks["app"]).toMatchObject({
      cidr: "10.128.0.0/16",
      hosts: { h1: { block: "10.128.0.0/24" }, h2: { block: "10.128.1.0/24" } },
      machines: {
        db: { address: "10.128.255.254", underlay: "192.168.7.40" },
        old: { address: "10.128.255.253" },
      },
      records: { db: ["10.128.255.254"], old: ["10.128.255.253"], sql: ["10.128.255.254"] },
    });
  });

  it("gets none that a container has, had, or fixes outside the blocks", () => {
    const networks = [network([machine("db")])];
    const fixed = ask("web", { networks: [{ ...on("app"), address: "10.128.255.254" }] });
    const seen = host("h1", { usedAddresses: { app: ["10.128.255.253"] } });
    const { networks: planned, refusals } = planAll(
      input({ candidates: [seen, host("h2")], networks, requests: [fixed] }),
    );
    expect(refusals).toEqual([]);
    expect(planned["app"]?.machines).toMatchObject({ db: { address: "10.128.255.252" } });
    const both = [network([machine("db", { address: "10.128.255.254" })])];
    expect(sentences(plan(both, { requests: [fixed] }))).toEqual([
      "no address for web: 10.128.255.254 on network app is in use by db",
    ]);
  });

  it("keeps it when others come before it, and gives it back when it leaves", () => {
    const before = world([network([machine("db")])]);
    const more = [network([machine("aa"), machine("db")])];
    const second = planAll({ ...after(before, planAll(before)), networks: more });
    expect(second.networks["app"]?.machines).toMatchObject({
      aa: { address: "10.128.255.253" },
      db: { address: "10.128.255.254" },
    });
    const third = planAll({
      ...after({ ...before, networks: more }, second),
      networks: [network([machine("zz")])],
    });
    expect(third.networks["app"]?.machines).toEqual({
      zz: { address: "10.128.255.254", underlay: "192.168.7.40" },
    });
    expect(third.networks["app"]?.retired).toBeUndefined();
  });

  it("has the address that the program fixes, round which new hosts' blocks go", () => {
    const fixed = network([machine("db", { address: "10.128.1.9" })]);
    const { networks, refusals } = plan([fixed], { candidates: [host("h1"), host("h2")] });
    expect(refusals).toEqual([]);
    expect(networks["app"]?.hosts).toMatchObject({
      h1: { block: "10.128.0.0/24" },
      h2: { block: "10.128.2.0/24" },
    });
  });

  it("keeps its address from containers", () => {
    const wanted = ask("web", { networks: [on("app", { address: "10.128.200.5" })] });
    const fixed = network([machine("db", { address: "10.128.200.5" })]);
    expect(sentences(plan([fixed], { requests: [wanted] }))).toEqual([
      "no address for web: 10.128.200.5 on network app is in use by db",
    ]);
  });

  it("bends the MTU, and keeps networks off what it routes", () => {
    const underlay = { address: "192.168.7.40", mtu: 1400, routes: ["10.128.0.0/16"] };
    expect(plan([network([machine("db", { underlay })])]).networks["app"]).toMatchObject({
      cidr: "10.129.0.0/16",
      mtu: 1350,
    });
  });

  it("waits for a machine that does not exist yet, where its routes could matter", () => {
    const { underlay: _, ...unseen } = machine("db", { pending: true });
    expect(plan([network([unseen])]).pending.networks).toEqual(["app"]);
    expect(plan([network([unseen], { cidr: "10.9.0.0/16" })]).networks["app"]?.machines).toEqual({
      db: { address: "10.9.255.254", underlay: "" },
    });
  });

  it("stays where it is while it cannot be reached, and does not join then", () => {
    const notReady = "cannot be reached at 192.168.7.40: timed out after 10 s";
    const { underlay: _, ...silent } = machine("db", { notReady });
    expect(sentences(plan([network([silent])]))).toEqual([`network app: db ${notReady}`]);
    const before = world([network([machine("db")])]);
    const first = planAll(before);
    const second = planAll({ ...after(before, first), networks: [network([silent])] });
    expect(second.refusals).toEqual([]);
    expect(second.networks).toEqual(first.networks);
  });

  it.each<[string, NetworkRequest, string]>([
    [
      "an address that leaves no block for a host",
      network([machine("db", { address: "10.9.0.7" })], {
        cidr: "10.9.0.0/25",
        blockPrefix: 26,
      }),
      "network app: 10.9.0.0/25 has 2 blocks of /26 for 2 hosts: none is left for h2",
    ],
    [
      "an address outside",
      network([machine("db", { address: "10.8.0.7" })], { cidr: "10.9.0.0/16" }),
      "network app: 10.8.0.7 of db lies outside 10.9.0.0/16",
    ],
    [
      "the broadcast address",
      network([machine("db", { address: "10.9.255.255" })], { cidr: "10.9.0.0/16" }),
      "network app: 10.9.255.255 of db is the network's own or broadcast address",
    ],
    [
      "a reserved address",
      network([machine("db", { address: "10.9.200.1" })], {
        cidr: "10.9.0.0/16",
        reserved: ["10.9.200.1"],
      }),
      "network app: 10.9.200.1 of db is reserved",
    ],
    [
      "one address for two",
      network(
        [machine("db", { address: "10.9.200.1" }), machine("old", { address: "10.9.200.1" })],
        {
          cidr: "10.9.0.0/16",
        },
      ),
      "network app: 10.9.200.1 of old is also that of db",
    ],
    [
      "a network that is full of blocks",
      network([machine("db")], { cidr: "10.9.0.0/25", blockPrefix: 26 }),
      "network app: 10.9.0.0/25 has no address left for db outside the blocks of its 2 hosts",
    ],
    [
      "a driver that takes none",
      network([machine("db"), machine("old")], { driver: "swarm" }),
      "network app: driver swarm takes no machines without Docker, and db and old are to join: take driver vxlan, routed or wireguard",
    ],
    [
      "a name that another has",
      network([machine("db"), machine("old", { aliases: ["db"] })]),
      "network app: alias db of old is the name of db",
    ],
  ])("refuses %s", (_what, wanted, sentence) => {
    expect(sentences(plan([wanted]))).toEqual([sentence]);
  });

  it("refuses an address in a block that a host has", () => {
    const before = world([network([])]);
    const fixed = [network([machine("db", { address: "10.128.1.9" })])];
    const second = planAll({ ...after(before, planAll(before)), networks: fixed });
    expect(sentences(second)).toEqual([
      "network app: 10.128.1.9 of db lies in 10.128.1.0/24, which is a host's block: take one outside the hosts' blocks, or none",
    ]);
  });
});
