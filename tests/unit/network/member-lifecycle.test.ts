import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import type { VirtualNetworkInputs } from "../../../provider/resources/virtual-network/inputs.js";
import { FakeNetworkHosts, inputsOn } from "./fake-network.js";

describe("a network of two fake hosts and a machine without Docker", () => {
  let world: FakeNetworkHosts;
  let alone: VirtualNetworkInputs;
  let inputs: VirtualNetworkInputs;

  beforeEach(async () => {
    world = await FakeNetworkHosts.install("h1", "h2", "db");
    alone = inputsOn(world.fakes, "h1", "h2");
    const machine = {
      name: "db",
      connection: world.fakes.connection("db"),
      block: "10.42.255.254/32",
      gateway: "10.42.255.254",
      underlay: "192.0.2.9",
      machine: true,
    };
    inputs = { ...alone, hosts: [...alone.hosts, machine] };
  });
  afterEach(() => world.fakes.restore());

  const dockerRequests = () => world.fakes.host("db").docker.requests;
  const documentOf = (host: string) => world.documents.get(`${host} 42`) ?? "";

  it("makes its part there by the program alone, and tells the hosts of it", async () => {
    const { outs } = await lifecycle.create(inputs);
    expect(outs.dockerIds).toMatchObject({ db: "" });
    expect(documentOf("db")).toContain("\nmachine yes\n");
    expect(documentOf("db")).toContain("\ngateway 10.42.255.254\n");
    expect(documentOf("db")).toContain("\npeer 192.0.2.1 10.42.1.0/24\n");
    expect(documentOf("h1")).toContain("\npeer 192.0.2.9 10.42.255.254/32\n");
    expect(documentOf("h1")).not.toContain("machine");
    expect(dockerRequests()).toEqual([]);

    const state = await lifecycle.read("app-42", outs);
    expect(state.props).toEqual(outs);
    expect(state.inputs?.hosts).toEqual(inputs.hosts);
    world.calls.length = 0;
    await lifecycle.update("app-42", state.props!, inputs);
    expect(world.verbs()).toEqual([]);
    await lifecycle.delete("app-42", outs);
    expect(world.documents.size).toBe(0);
    expect(dockerRequests()).toEqual([]);
  });

  it("joins and leaves a network that is there, which its hosts are told", async () => {
    const { outs } = await lifecycle.create(alone);
    world.calls.length = 0;
    const joined = await lifecycle.update("app-42", outs, inputs);
    expect(world.verbs()).toEqual(["db apply", "h1 apply", "h2 apply"]);
    await lifecycle.update("app-42", joined.outs, alone);
    expect(documentOf("db")).toBe("");
    expect(documentOf("h1")).not.toContain("192.0.2.9");
    expect(dockerRequests()).toEqual([]);
  });

  it("is repaired by the next up where something was changed by hand", async () => {
    const { outs } = await lifecycle.create(inputs);
    world.documents.set("db 42", `${documentOf("db")}# changed\n`);
    const seen = await lifecycle.read("app-42", outs);
    expect(seen.props?.problems).toEqual({ db: ["the settings differ"] });
    expect(seen.inputs?.hosts.map(({ name }) => name)).toEqual(["h1", "h2"]);
    const { outs: repaired } = await lifecycle.update("app-42", seen.props!, inputs);
    expect(repaired.problems).toBeUndefined();
    expect(documentOf("db")).not.toContain("# changed");
  });
});
