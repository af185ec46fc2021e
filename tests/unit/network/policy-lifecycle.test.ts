import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { forgetPolicies, notePolicies } from "../../../provider/host/unreachable-policy.js";
import { useSink } from "../../../provider/progress.js";
import type {
  NetworkPolicyInputs,
  NetworkPolicyState,
} from "../../../provider/resources/network-policy/inputs.js";
import { networkPolicyLifecycle as lifecycle } from "../../../provider/resources/network-policy/lifecycle.js";
import { virtualNetworkLifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import { FakeNetworkHosts, inputsOn } from "./fake-network.js";

describe("a policy and a host that cannot be reached", () => {
  const warnings: string[] = [];
  let world: FakeNetworkHosts;
  let inputs: NetworkPolicyInputs;
  let made: { id: string; outs: NetworkPolicyState };
  const open = () => ({ ...inputs, isolate: "none" as const });
  const down = (value: boolean) => (world.fakes.host("h2").down = value);

  beforeEach(async () => {
    world = await FakeNetworkHosts.install("h1", "h2");
    const network = inputsOn(world.fakes, "h1", "h2");
    await virtualNetworkLifecycle.create(network);
    const { vni, cidr, hosts } = network;
    inputs = {
      ...{ meta: { ...network.meta, name: "segments" }, network: "app", networkId: "app", vni },
      ...{ driver: "vxlan", cidr, hosts, isolate: "applications", outside: "open", rules: [] },
      members: ["web", "db"].map((name, index) => ({
        ...{ name, application: name, service: name, host: `h${index + 1}` },
        address: `10.42.${index + 1}.10`,
      })),
    };
    warnings.length = 0;
    useSink((_urn, message, { warn }) => void (warn && warnings.push(message)));
    made = await lifecycle.create(inputs);
  });
  afterEach(async () => {
    forgetPolicies();
    await world.fakes.restore();
  });

  it("changes on the others; that one is warned of, shown as a change, and changed when it is back", async () => {
    const before = world.policies.get("h2 42");
    down(true);
    const { outs } = await lifecycle.update(made.id, made.outs, open());
    expect(warnings).toEqual([
      "host h2 cannot be reached: the policy of network app is changed there by the first up that reaches it",
    ]);
    expect(Object.keys(outs.problems ?? {})).toEqual(["h2"]);
    expect((await lifecycle.diff(made.id, outs, open())).changes).toBe(true);
    expect(world.policies.get("h2 42")).toBe(before);
    down(false);
    const healed = await lifecycle.update(made.id, outs, open());
    expect(healed.outs.problems).toBeUndefined();
    expect(world.policies.get("h2 42")).not.toBe(before);
    expect(warnings).toHaveLength(1);
  });

  it("is a failure where the host is new to the policy, and where it refuses", async () => {
    const failing = async (olds: NetworkPolicyState, news: NetworkPolicyInputs) =>
      lifecycle.update(made.id, olds, news).then(
        () => expect.fail("it did not fail"),
        (error: { reasons?: string[] }) => error.reasons?.[0],
      );
    const sentence =
      "the policy of network app was not changed on all hosts; the next up finishes it";
    const alone = { ...made.outs, hosts: made.outs.hosts.slice(0, 1) };
    down(true);
    expect(await failing(alone, inputs)).toBe(sentence);
    down(false);
    world.broken.set("h2", { code: 4, stderr: "iptables: no chain" });
    expect(await failing(made.outs, open())).toBe(sentence);
    expect(warnings).toEqual([]);
  });

  it("is lifted without a host that this run's program gives up, whatever the state says", async () => {
    down(true);
    await expect(lifecycle.delete(made.id, made.outs)).rejects.toThrow(/^host h2: /);
    notePolicies(
      inputs.hosts.map(({ connection }) => ({ ...connection, whenUnreachable: "forget" })),
    );
    await lifecycle.delete(made.id, made.outs);
    expect([...world.policies.keys()]).toEqual(["h2 42"]);
    expect(warnings).toEqual([
      "host h2 cannot be reached and is forgotten: should it come back, /var/lib/clocker/net/42/policy is in force there until the network takes the host in again, or it is removed by hand",
    ]);
  });
});
