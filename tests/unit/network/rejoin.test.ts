import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { useSink } from "../../../provider/progress.js";
import { forgetJoins } from "../../../provider/resources/network-joins.js";
import type { NetworkPolicyInputs } from "../../../provider/resources/network-policy/inputs.js";
import { networkPolicyLifecycle as policies } from "../../../provider/resources/network-policy/lifecycle.js";
import type {
  VirtualNetworkInputs,
  VirtualNetworkState,
} from "../../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as networks } from "../../../provider/resources/virtual-network/lifecycle.js";
import { FakeNetworkHosts, inputsOn } from "./fake-network.js";

/** Every run is a process of its own, which asks about the network first and then about its policy. */
describe("a host that leaves a network and comes back, with a run that died in between", () => {
  let world: FakeNetworkHosts;
  let network: VirtualNetworkInputs;
  let policy: NetworkPolicyInputs;
  let made: { id: string; outs: VirtualNetworkState };
  let kept: Awaited<ReturnType<typeof policies.create>>;

  beforeEach(async () => {
    world = await FakeNetworkHosts.install("h1", "h2");
    network = inputsOn(world.fakes, "h1", "h2");
    policy = {
      ...{ meta: { ...network.meta, name: "segments" }, network: "app", networkId: "app", vni: 42 },
      ...{ driver: "vxlan", cidr: network.cidr, hosts: network.hosts },
      ...{ isolate: "applications", outside: "open", rules: [], members: [] },
    };
    made = await networks.create(network);
    kept = await policies.create(policy);
    // the run that took the host out came as far as the network
    forgetJoins();
    made.outs = (await networks.update(made.id, made.outs, alone())).outs;
    world.policies.delete("h2 42");
    forgetJoins();
  });
  afterEach(async () => {
    useSink();
    forgetJoins();
    await world.fakes.restore();
  });

  const alone = () => ({ ...network, hosts: network.hosts.slice(0, 1) });
  const changes = async (wanted = network) => {
    await networks.diff(made.id, made.outs, wanted);
    return (await policies.diff(kept.id, kept.outs, policy)).changes;
  };

  it("is given its policy again, as the preview says", async () => {
    const rows: string[] = [];
    useSink((_urn, message) => rows.push(message));
    expect(await changes()).toBe(true);
    expect(rows).toEqual(["restore: h2: it has left the network and come back"]);
    made.outs = (await networks.update(made.id, made.outs, network)).outs;
    expect((await policies.diff(kept.id, kept.outs, policy)).changes).toBe(true);
    kept.outs = (await policies.update(kept.id, kept.outs, policy)).outs;
    expect(world.policies.has("h2 42")).toBe(true);
    forgetJoins();
    expect(await changes()).toBe(false);
  });

  it("also where the next run died once more, before it came to the policy", async () => {
    made.outs = (await networks.update(made.id, made.outs, network)).outs;
    forgetJoins();
    expect(await changes()).toBe(true);
    const before = world.calls.length;
    kept.outs = (await policies.update(kept.id, kept.outs, policy)).outs;
    expect(world.calls.slice(before).map(({ host, verb }) => `${host} ${verb}`)).toEqual([
      "h2 put policy",
    ]);
    forgetJoins();
    expect(await changes()).toBe(false);
    const seen = await networks.read(made.id, made.outs);
    expect(seen.props?.joins).toEqual(made.outs.joins);
    expect((await policies.read(kept.id, kept.outs)).props).toEqual(kept.outs);
  });

  it("and nothing is said of a host that was never away, or where the network is no part of the run", async () => {
    expect((await policies.diff(kept.id, kept.outs, policy)).changes).toBe(false);
    made.outs = (await networks.update(made.id, made.outs, network)).outs;
    kept.outs = (await policies.update(kept.id, kept.outs, policy)).outs;
    forgetJoins();
    expect((await policies.diff(kept.id, kept.outs, policy)).changes).toBe(false);
    expect((await policies.update(kept.id, kept.outs, policy)).outs).toEqual(kept.outs);
  });
});
