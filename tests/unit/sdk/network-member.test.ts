import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { PlacementInputs } from "../../../provider/resources/placement/inputs.js";
import type { VirtualNetworkInputs } from "../../../provider/resources/virtual-network/inputs.js";

const inputsOf = new Map<string, Record<string, unknown>>();

/** An engine whose plan gives each machine the address of its turn. */
function mock({ type, name, inputs }: pulumi.runtime.MockResourceArgs) {
  inputsOf.set(`${type.split(":").at(-1)} ${name}`, inputs as Record<string, unknown>);
  const state = { ...(inputs as Record<string, unknown>) };
  if (type.endsWith(":Placement")) {
    state.assignments = {};
    state.allocations = Object.fromEntries(
      (inputs as PlacementInputs).networks.map((network) => [
        network.name,
        {
          ...{ cidr: "10.128.0.0/16", driver: "vxlan", vni: 7, mtu: 1450, records: {} },
          hosts: { h1: { block: "10.128.0.0/24", gateway: "10.128.0.1", underlay: "10.0.0.1" } },
          machines: Object.fromEntries(
            (network.machines ?? []).map((machine, index) => [
              machine.name,
              { address: `10.128.255.${254 - index}`, underlay: `10.0.0.${40 + index}` },
            ]),
          ),
        },
      ]),
    );
  }
  return { id: `${name}-id`, state };
}

const known = <T>(output: pulumi.Output<T>) =>
  new Promise<T>((resolve) => output.apply((value) => resolve(value)));

async function program() {
  const sdk = await import("../../../sdk/index.js");
  const host = new sdk.DockerHost("h1", { address: "10.0.0.1", hostKey: "SHA256:x" });
  const cloud = new sdk.DockerCloud("cloud", { hosts: [host] });
  return { sdk, network: new sdk.VirtualNetwork("lan", { cloud }) };
}

beforeAll(() =>
  pulumi.runtime.setMocks({ newResource: mock, call: () => ({}) }, "project", "dev", false),
);
beforeEach(() => inputsOf.clear());

describe("VirtualNetwork", () => {
  it("asks the plan for its gateway, and tells macvlan of it", async () => {
    const { sdk, network } = await program();
    const [cidr, gateway] = ["192.168.7.0/24", "192.168.7.1"];
    const driverOptions = { parent: "eth0" };
    const onLink = { cloud: network.cloud, driver: "macvlan" as const, cidr };
    const args = { ...onLink, gateway };
    const lan = new sdk.VirtualNetwork("office", { ...args, driverOptions });
    new sdk.VirtualNetwork("yard", { ...onLink, driverOptions: { ...driverOptions, gateway } });
    await known(lan.records);
    const placement = inputsOf.get("Placement cloud-1") ?? inputsOf.get("Placement cloud");
    const asked = (placement as unknown as PlacementInputs).networks;
    expect(asked.map(({ gateway: each }) => each)).toEqual([undefined, gateway, gateway]);
    expect(inputsOf.get("VirtualNetwork office")?.driverOptions).toEqual({
      ...driverOptions,
      gateway,
    });
    expect(() => new sdk.VirtualNetwork("twice", { ...args, driverOptions: { gateway } })).toThrow(
      "VirtualNetwork twice: gateway is given twice, as an argument and in driverOptions: give one of them",
    );
  });

  it.each([
    [{}, true],
    [{ addIptablesRules: false }, false],
    [{ outbound: false, addIptablesRules: false }, false],
  ])("has a way out as Clocker's name of it says: %j", async (args, outbound) => {
    const { sdk, network } = await program();
    const other = new sdk.VirtualNetwork("closed", { cloud: network.cloud, ...args });
    await known(other.records);
    expect(inputsOf.get("VirtualNetwork closed")?.outbound).toBe(outbound);
    expect(
      () =>
        new sdk.WeaveNetwork("odd", {
          cloud: network.cloud,
          outbound: true,
          ...{ addIptablesRules: false },
        }),
    ).toThrow(
      "VirtualNetwork odd: addIptablesRules is another name of outbound, and they differ: give one of them",
    );
  });

  it("takes a key of its zone that is undefined for none", async () => {
    const { sdk, network } = await program();
    const zone = { hosts: ["h1"], zone: "corp.example", key: undefined };
    const other = new sdk.VirtualNetwork("zoned", {
      cloud: network.cloud,
      zone,
    });
    await known(other.records);
    expect(inputsOf.get("VirtualNetwork zoned")?.zone).toEqual({
      hosts: ["h1"],
      zone: "corp.example",
    });
    const placement = inputsOf.get("Placement cloud-1") ?? inputsOf.get("Placement cloud");
    const asked = (placement as unknown as PlacementInputs).networks;
    expect(asked.map((each) => each.zone)).toEqual([undefined, { hosts: ["h1"] }]);
  });
});

describe("NetworkMember", () => {
  it("asks the plan for an address, and is one more host of the network", async () => {
    const { sdk, network } = await program();
    const first = new sdk.NetworkMember("db", { network, host: { address: "10.0.0.40" } });
    const second = new sdk.NetworkMember("old", {
      network,
      host: { address: "10.0.0.41", user: "ops", sudo: true, privateAddress: "192.168.0.41" },
      name: "erp",
      address: "10.128.200.1",
      aliases: ["books"],
    });
    expect(await known(first.address)).toBe("10.128.255.254");
    expect(second.memberName).toBe("erp");
    await known(network.records);

    const { networks } = inputsOf.get("Placement cloud") as unknown as PlacementInputs;
    expect(networks[0]?.machines).toMatchObject([
      { name: "db", aliases: [], connection: { address: "10.0.0.40", user: "root", sudo: false } },
      {
        ...{ name: "erp", aliases: ["books"], address: "10.128.200.1" },
        privateAddress: "192.168.0.41",
        connection: { name: "erp", address: "10.0.0.41", user: "ops", sudo: true },
      },
    ]);
    const { hosts } = inputsOf.get("VirtualNetwork lan") as unknown as VirtualNetworkInputs;
    expect(hosts).toMatchObject([
      { name: "h1", block: "10.128.0.0/24" },
      {
        ...{ name: "db", machine: true, underlay: "10.0.0.40" },
        ...{ block: "10.128.255.254/32", gateway: "10.128.255.254" },
      },
      { name: "erp", machine: true, block: "10.128.255.253/32" },
    ]);
  });

  it("is a member of the network's policy, as a machine of its application", async () => {
    const { sdk, network } = await program();
    const host = { address: "10.0.0.40" };
    new sdk.NetworkMember("db", { network, host, application: "shop" });
    const policy = new sdk.NetworkPolicy("segments", {
      network,
      allow: [{ from: "all", to: { machine: "db" }, ports: [5432] }],
    });
    expect(await known(policy.members)).toEqual([
      {
        ...{ name: "db", application: "shop", service: "db", host: "db" },
        ...{ address: "10.128.255.254", machine: true },
      },
    ]);
    const { networks } = inputsOf.get("Placement cloud") as unknown as PlacementInputs;
    expect(networks[0]?.machines?.[0]).not.toHaveProperty("application");
  });

  it("refuses what it does not know, a machine that is nowhere, and to come too late", async () => {
    const { sdk, network } = await program();
    const make = (args: object) => () => new sdk.NetworkMember("db", { network, ...args } as never);
    expect(make({ host: { address: "10.0.0.40" }, alias: ["x"] })).toThrow(
      "NetworkMember db: alias is not a property; did you mean aliases?",
    );
    expect(make({ host: { adress: "10.0.0.40" } })).toThrow(
      "NetworkMember db: host: adress is not a property; did you mean address?",
    );
    expect(make({ host: {} })).toThrow(
      'NetworkMember db: host: address: say where the host is, or connection: "local" for this machine',
    );
    await known(network.cidr);
    expect(make({ host: { address: "10.0.0.40" } })).toThrow(
      "NetworkMember db: network lan is planned already: make the member before the program awaits anything",
    );
  });
});
