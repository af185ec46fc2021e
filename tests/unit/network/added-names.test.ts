import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type {
  NetworkNamesInputs,
  NetworkNamesState,
} from "../../../provider/resources/network-names/inputs.js";
import { networkNamesLifecycle as lifecycle } from "../../../provider/resources/network-names/lifecycle.js";
import { useSink } from "../../../provider/progress.js";
import { virtualNetworkLifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import { FakeNetworkHosts, inputsOn } from "./fake-network.js";

type Failure = Error & { id?: string; properties?: NetworkNamesState; reasons?: string[] };

describe("names that a later plan adds to a network", () => {
  let world: FakeNetworkHosts;
  let inputs: NetworkNamesInputs;

  beforeEach(async () => {
    world = await FakeNetworkHosts.install("h1", "h2");
    const network = inputsOn(world.fakes, "h1", "h2");
    await virtualNetworkLifecycle.create(network);
    world.calls.length = 0;
    inputs = {
      meta: { ...network.meta, name: "cloud-2:app" },
      network: "app",
      networkId: "app",
      driver: "vxlan",
      vni: network.vni,
      cidr: network.cidr,
      domain: network.domain,
      plan: "cloud-2",
      hosts: network.hosts.map(({ name, connection }) => ({ name, connection })),
      records: { late: ["10.42.1.20"] },
    };
  });
  afterEach(() => world.fakes.restore());

  const failure = (promise: Promise<unknown>): Promise<Failure> =>
    promise.then(
      () => expect.fail("it did not fail"),
      (error: unknown) => error as Failure,
    );
  const files = () => [...world.names.keys()].sort();

  it("are written once on every host, marked with their creation", async () => {
    const { id, outs } = await lifecycle.create(inputs);
    expect(id).toBe(`app/cloud-2/${outs.generation}`);
    expect(outs.generation).toMatch(/^[0-9a-f]{8}$/);
    const file = `# ${outs.generation}\n10.42.1.20 late.app.clocker late\n`;
    expect([...world.names]).toEqual([
      ["h1 42 cloud-2", file],
      ["h2 42 cloud-2", file],
    ]);
    expect(await lifecycle.read(id, outs)).toEqual({ id, props: outs, inputs });
    expect(await lifecycle.diff(id, outs, inputs)).toEqual({ changes: false, replaces: [] });
  });

  it("follow their containers, and only where they changed", async () => {
    const { id, outs } = await lifecycle.create(inputs);
    world.calls.length = 0;
    const moved = { ...inputs, records: { late: ["10.42.2.20"] } };
    expect(await lifecycle.diff(id, outs, moved)).toEqual({ changes: true, replaces: [] });
    const next = await lifecycle.update(id, outs, moved);
    expect(world.verbs()).toEqual(["h1 put names", "h2 put names"]);
    expect(world.names.get("h2 42 cloud-2")).toContain("10.42.2.20 late.app.clocker late\n");
    world.calls.length = 0;
    await lifecycle.update(id, next.outs, { ...moved, hosts: moved.hosts.slice(1) });
    expect(world.verbs()).toEqual([]);
  });

  it("are written again when the network was made again beside them", async () => {
    const { id, outs } = await lifecycle.create(inputs);
    world.calls.length = 0;
    await lifecycle.update(id, outs, { ...inputs, cidr: "10.42.0.0/17" });
    expect(world.verbs()).toEqual(["h1 put names", "h2 put names"]);
  });

  it("go before the network is deleted and come after it, wherever it is replaced", async () => {
    const { id, outs } = await lifecycle.create(inputs);
    const unknown = { networkId: UNKNOWN, vni: UNKNOWN as never, driver: UNKNOWN as never };
    expect(await lifecycle.diff(id, outs, { ...inputs, ...unknown })).toEqual({
      replaces: ["networkId"],
      deleteBeforeReplace: true,
    });
    expect(await lifecycle.diff(id, outs, { ...inputs, vni: UNKNOWN as never })).toEqual({
      changes: true,
      replaces: [],
    });
  });

  it("go with their delete, which is idempotent and leaves a later creation's alone", async () => {
    const first = await lifecycle.create(inputs);
    const second = await lifecycle.create(inputs);
    await lifecycle.delete(first.id, first.outs);
    expect(files()).toEqual(["h1 42 cloud-2", "h2 42 cloud-2"]);
    await lifecycle.delete(second.id, second.outs);
    await lifecycle.delete(second.id, second.outs);
    expect(files()).toEqual([]);
    expect(await lifecycle.read(second.id, second.outs)).toEqual({});
  });

  it("are kept in the state when one host fails, and the next update finishes them", async () => {
    world.broken.set("h2", { code: 4, stderr: "no space left" });
    const error = await failure(lifecycle.create(inputs));
    expect(error.reasons).toEqual([
      "the names of plan cloud-2 were not added to network app on all hosts; the next up finishes it",
      "host h1: named",
      "host h2: could not add names to network app (exit code 4)\n  - no space left\nRun again: what is done is kept.",
    ]);
    const half = error.properties!;
    expect(await lifecycle.diff(error.id!, half, inputs)).toEqual({ changes: true, replaces: [] });
    world.broken.clear();
    world.calls.length = 0;
    const { outs } = await lifecycle.update(error.id!, half, inputs);
    expect(world.verbs()).toEqual(["h2 put names"]);
    expect(outs.problems).toBeUndefined();
  });

  it("wait for a host that cannot be reached, as its network does; a host that is new may not wait", async () => {
    const warnings: string[] = [];
    useSink((_urn, message, { warn }) => void (warn && warnings.push(message)));
    const { id, outs } = await lifecycle.create(inputs);
    const moved = { ...inputs, records: { late: ["10.42.2.20"] } };
    world.fakes.host("h2").down = true;
    const next = await lifecycle.update(id, outs, moved);
    expect(warnings).toEqual([
      "host h2 cannot be reached: the names of plan cloud-2 on network app are brought up to date there by the first up that reaches it",
    ]);
    expect(world.names.get("h1 42 cloud-2")).toContain("10.42.2.20 late");
    expect(next.outs.problems?.["h2"]?.[0]).toMatch(/^host h2: cannot be reached/);
    expect((await lifecycle.diff(id, next.outs, moved)).changes).toBe(true);
    world.fakes.host("h2").down = false;
    const { outs: healed } = await lifecycle.update(id, next.outs, moved);
    expect(world.names.get("h2 42 cloud-2")).toContain("10.42.2.20 late");
    expect(healed.problems).toBeUndefined();

    const alone = await lifecycle.create({ ...inputs, hosts: inputs.hosts.slice(0, 1) });
    world.fakes.host("h2").down = true;
    const error = await failure(lifecycle.update(alone.id, alone.outs, inputs));
    expect(error.reasons?.[0]).toBe(
      "the names of plan cloud-2 were not changed on all hosts of network app; the next up finishes it",
    );
    expect(warnings).toHaveLength(1);
  });

  it("are also made while a host of the network cannot be reached, which has them later", async () => {
    const warnings: string[] = [];
    useSink((_urn, message, { warn }) => void (warn && warnings.push(message)));
    world.fakes.host("h2").down = true;
    const { id, outs } = await lifecycle.create(inputs);
    expect(files()).toEqual(["h1 42 cloud-2"]);
    expect(warnings).toEqual([
      "host h2 cannot be reached: the names of plan cloud-2 on network app are brought up to date there by the first up that reaches it",
    ]);
    expect((await lifecycle.diff(id, outs, inputs)).changes).toBe(true);
    world.fakes.host("h2").down = false;
    const healed = await lifecycle.update(id, outs, inputs);
    expect(files()).toEqual(["h1 42 cloud-2", "h2 42 cloud-2"]);
    expect(healed.outs.problems).toBeUndefined();

    for (const name of ["h1", "h2"]) world.fakes.host(name).down = true;
    const error = await failure(lifecycle.create(inputs));
    expect(error.reasons?.[0]).toBe(
      "the names of plan cloud-2 were not added to network app on all hosts; the next up finishes it",
    );
  });

  it("go to hosts that have a block of the network; the block itself is not kept", async () => {
    const hosts = inputs.hosts.map((host, index) => ({
      ...host,
      ...(index === 0 ? { block: "10.42.1.0/24" } : {}),
    }));
    expect((await lifecycle.check({}, { ...inputs, hosts })).inputs).toEqual({
      ...inputs,
      hosts: inputs.hosts.slice(0, 1),
    });
    const pending = hosts.map((host) => ({ ...host, block: UNKNOWN }));
    expect((await lifecycle.check({}, { ...inputs, hosts: pending })).inputs).toEqual(inputs);
  });

  it("that differ on a host show as a host that lacks them; unreachable is an error", async () => {
    const { id, outs } = await lifecycle.create(inputs);
    world.names.delete("h1 42 cloud-2");
    const seen = await lifecycle.read(id, outs);
    expect(seen.props?.problems).toEqual({ h1: ["the names are not on the host"] });
    expect(seen.inputs?.hosts.map(({ name }) => name)).toEqual(["h2"]);
    world.fakes.host("h2").down = true;
    await expect(lifecycle.read(id, outs)).rejects.toThrow(/^host h2: /);
    await expect(lifecycle.delete(id, outs)).rejects.toThrow(/^host h2: /);
    const hosts = outs.hosts.map((host) => ({
      ...host,
      connection: { ...host.connection, whenUnreachable: "forget" as const },
    }));
    await lifecycle.delete(id, { ...outs, hosts });
    expect(files()).toEqual(["h2 42 cloud-2"]);
  });

  it("are refused when they could not be names or files, and unknown ones are let through", async () => {
    const bad = { ...inputs, plan: "../x", records: { "a b": ["10.42.1.20"] } };
    expect((await lifecycle.check({}, bad)).failures).toEqual([
      {
        property: "plan",
        reason:
          "must begin with a letter or digit and have at most 63 letters, digits, '_', '.' or '-'",
      },
      { property: "records", reason: 'has the name "a b", which is no host name' },
    ]);
    const later = { ...inputs, records: UNKNOWN as never };
    expect((await lifecycle.check({}, later)).failures).toEqual([]);
  });
});
