import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dockerFor } from "../../../provider/host/docker.js";
import { disarmFaults } from "../../../provider/host/faults.js";
import type {
  VirtualNetworkInputs,
  VirtualNetworkState,
} from "../../../provider/resources/virtual-network/inputs.js";
import { leavingOf } from "../../../provider/resources/virtual-network/leaving.js";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import { workOn } from "../../../provider/resources/virtual-network/on-hosts.js";
import { useSink } from "../../../provider/progress.js";
import { AddressPool } from "../../support/fake-dockerd/address-pool.js";
import { FakeNetworkHosts, inputsOn } from "./fake-network.js";

type Failure = Error & { id?: string; properties?: VirtualNetworkState; reasons?: string[] };

describe("a network over three fake hosts", () => {
  let world: FakeNetworkHosts;
  let inputs: VirtualNetworkInputs;

  beforeEach(async () => {
    world = await FakeNetworkHosts.install("h1", "h2", "h3");
    inputs = inputsOn(world.fakes, "h1", "h2", "h3");
  });
  afterEach(async () => {
    disarmFaults();
    useSink();
    await world.fakes.restore();
  });

  const made = async () => (await lifecycle.create(inputs)).outs;
  const failure = (promise: Promise<unknown>): Promise<Failure> =>
    promise.then(
      () => expect.fail("it did not fail"),
      (error: unknown) => error as Failure,
    );
  /** A container of somebody on the network there. */
  const putOn = (host: string) =>
    world.fakes.host(host).docker.addContainer("web", {
      Image: "web",
      NetworkingConfig: { EndpointsConfig: { "app-42": {} } },
    });
  const writes = (host: string) =>
    world.fakes.host(host).docker.requests.filter((request) => /^(POST|DELETE) /.test(request));

  it("create makes link, names and Docker network on each", async () => {
    const { id, outs } = await lifecycle.create(inputs);
    expect(id).toBe("app-42");
    expect(outs.dockerName).toBe("app-42");
    expect(Object.keys(outs.dockerIds).sort()).toEqual(["h1", "h2", "h3"]);
    expect(outs.problems).toBeUndefined();
    expect(world.documents.size).toBe(3);
    expect(writes("h1")).toEqual(["POST /networks/create"]);
  });

  it("a second create changes nothing and finds the same", async () => {
    const first = await made();
    const second = await made();
    expect(second).toEqual({ ...first, generation: second.generation });
    expect(second.generation).not.toBe(first.generation);
    expect(writes("h1")).toEqual(["POST /networks/create"]);
  });

  it("update touches only what changed", async () => {
    const state = await made();
    world.calls.length = 0;
    const moved = inputs.hosts.map((host) => ({
      ...host,
      connection: { ...host.connection, parallelStarts: 9 },
    }));
    const same = await lifecycle.update("app-42", state, { ...inputs, hosts: moved });
    expect(world.verbs()).toEqual([]);
    expect(same.outs.hosts[0]?.connection.parallelStarts).toBe(9);

    const named = await lifecycle.update("app-42", same.outs, {
      ...inputs,
      records: { db: ["10.42.1.9"] },
    });
    expect(world.verbs()).toEqual(["h1 names", "h2 names", "h3 names"]);
    expect(world.calls[0]?.stdin).toBe("10.42.1.9 db.app.clocker db\n");

    world.calls.length = 0;
    await lifecycle.update("app-42", named.outs, {
      ...inputs,
      records: { db: ["10.42.1.9"] },
      dnsServers: ["9.9.9.9"],
    });
    expect(world.verbs()).toEqual([]);
  });

  it("a host that is removed is left, and the others lose it as a peer", async () => {
    const state = await made();
    world.calls.length = 0;
    const { outs } = await lifecycle.update("app-42", state, {
      ...inputs,
      hosts: inputs.hosts.slice(0, 2),
    });
    expect(world.verbs()).toEqual(["h1 apply", "h2 apply", "h3 leave"]);
    expect(Object.keys(outs.dockerIds)).toEqual(["h1", "h2"]);
    expect(writes("h3")).toEqual([
      "POST /networks/create",
      expect.stringMatching(/^DELETE \/networks\//),
    ]);
  });

  it("what a host held for all networks of Weave goes to one of those that stay, or a warning says so", async () => {
    const woven = { ...inputs, driver: "weave" as const, mtu: 1376 };
    const { outs: state } = await lifecycle.create(woven);
    const less = { ...woven, hosts: woven.hosts.slice(0, 2) };
    const tookBack = () => world.calls.filter(({ verb }) => verb === "take-back");
    await lifecycle.update("app-42", state, less);
    expect(tookBack().map(({ host, args }) => [host, ...args])).toEqual([
      ["h1", "42", "p/s/app", "192.0.2.3"],
    ]);
    const warnings: string[] = [];
    useSink((_urn, message, options) => {
      if (options.warn) warnings.push(message);
    });
    world.answers.set("h1 take-back", { code: 4, stderr: "no router" });
    expect((await lifecycle.update("app-42", state, less)).outs.problems).toBeUndefined();
    expect(warnings).toEqual([
      "host h1 did not take back the addresses that h3 held for all networks of driver weave: host h1: could not take back addresses of network app (exit code 4). They stay with it until that is done by hand on one host (weave rmpeer)",
    ]);
  });

  it("a host that joins later keeps no records of an earlier time, but one with another name does", async () => {
    const applied = () =>
      world.calls.filter(({ verb }) => verb === "apply").map(({ host, args }) => [host, ...args]);
    const state = (await lifecycle.create({ ...inputs, hosts: inputs.hosts.slice(0, 2) })).outs;
    expect(applied().flat()).not.toContain("newcomer");
    world.calls.length = 0;
    const joined = (await lifecycle.update("app-42", state, inputs)).outs;
    expect(applied().sort()).toEqual([["h1"], ["h2"], ["h3", "newcomer"]]);
    world.calls.length = 0;
    const renamed = inputs.hosts.map((host) =>
      host.name === "h3" ? { ...host, name: "h9" } : host,
    );
    await lifecycle.update("app-42", joined, { ...inputs, hosts: renamed });
    expect(applied().flat()).toContain("h3");
    expect(applied().flat()).not.toContain("newcomer");
  });

  describe("a host that is removed while containers are on it", () => {
    const without = () => ({ ...inputs, hosts: inputs.hosts.slice(0, 2) });
    it("stays a full member until they are gone, and is left by the next update", async () => {
      const warnings: string[] = [];
      useSink((_urn, message, { warn }) => void (warn && warnings.push(message)));
      const state = await made();
      putOn("h3");
      world.calls.length = 0;
      const kept = (await lifecycle.update("app-42", state, without())).outs;
      expect(world.verbs()).not.toContain("h3 leave");
      expect(warnings).toEqual([
        "containers are still on h3: network app leaves there with the next up, once they are gone",
      ]);
      expect(kept.hosts.map(({ name }) => name)).toEqual(["h1", "h2", "h3"]);
      expect(kept.problems).toEqual({ h3: ["leaves once its containers are gone"] });
      expect(await lifecycle.diff("app-42", kept, without())).toMatchObject({ changes: true });

      await dockerFor(world.fakes.connection("h3")).removeContainer("web", true);
      world.calls.length = 0;
      const { outs } = await lifecycle.update("app-42", kept, without());
      expect(world.verbs()).toEqual(["h1 apply", "h2 apply", "h3 leave"]);
      expect(outs.hosts.map(({ name }) => name)).toEqual(["h1", "h2"]);
      expect(outs.problems).toBeUndefined();
    });

    it("keeps the other hosts as its peers meanwhile", async () => {
      const state = await made();
      putOn("h3");
      await lifecycle.update("app-42", state, {
        ...without(),
        records: { db: ["10.42.1.9"] },
      });
      expect(world.documents.get("h1 42")).toContain(inputs.hosts[2]!.block);
    });
  });

  it("a machine that goes on under another name is not left, unless containers are in the way", async () => {
    const before = workOn(inputs, {}, (await made()).generation);
    const [h1, h2, h3] = inputs.hosts;
    const renamed = { ...h3!, name: "h9", connection: { ...h3!.connection, name: "h9" } };
    const names = ({ now, later }: Awaited<ReturnType<typeof leavingOf>>) => ({
      now: now.map(({ host }) => host.name),
      later: later.map(({ host }) => host.name),
    });
    expect(names(await leavingOf(before, [h1!, h2!, renamed]))).toEqual({ now: [], later: [] });
    expect(names(await leavingOf(before, [h1!, h2!]))).toEqual({ now: ["h3"], later: [] });
    putOn("h3");
    expect(names(await leavingOf(before, [h1!, h2!, renamed]))).toEqual({ now: ["h3"], later: [] });
    expect(names(await leavingOf(before, [h1!, h2!]))).toEqual({ now: [], later: ["h3"] });
  });

  it("one host that fails leaves a state which the next update finishes", async () => {
    world.broken.set("h2", { code: 4, stderr: "iptables: no chain" });
    const error = await failure(lifecycle.create(inputs));
    expect(error.id).toBe("app-42");
    expect(error.reasons).toEqual([
      "network app was made on 2 of 3 hosts; the next up finishes it",
      "host h1: joined",
      "host h2: could not make network app (exit code 4)\n  - iptables: no chain\nRun again: what is done is kept.",
      "host h3: joined",
    ]);
    expect(error.properties?.hosts).toHaveLength(3);
    world.broken.clear();
    world.calls.length = 0;
    const { outs } = await lifecycle.update("app-42", error.properties!, inputs);
    expect(world.verbs().filter((verb) => !verb.startsWith("h2"))).toEqual([]);
    expect(outs.problems).toBeUndefined();
  });

  describe("a host that cannot be reached", () => {
    const warnings: string[] = [];
    const down = (name: string) => {
      world.fakes.host(name).down = true;
      world.fakes.host(name).dropConnections();
    };
    beforeEach(() => {
      warnings.length = 0;
      useSink((_urn, message, { warn }) => void (warn && warnings.push(message)));
      world.calls.length = 0;
    });
    const pending =
      "host h2 cannot be reached: network app is brought up to date there by the first up that reaches it";

    it("does not hold up the others, is shown as a change, and gets its part when it is back", async () => {
      const state = await made();
      world.calls.length = 0;
      down("h2");
      const wanted = { ...inputs, records: { db: ["10.42.1.9"] } };
      const { outs } = await lifecycle.update("app-42", state, wanted);
      expect(warnings).toEqual([pending]);
      expect(world.verbs()).toEqual(["h1 names", "h3 names"]);
      expect(Object.keys(outs.problems ?? {})).toEqual(["h2"]);
      expect(outs.problems?.["h2"]?.[0]).toMatch(/^host h2: cannot be reached/);
      expect(outs.dockerIds).toEqual(state.dockerIds);

      expect(await lifecycle.diff("app-42", outs, wanted)).toMatchObject({ changes: true });
      world.calls.length = 0;
      const still = await lifecycle.update("app-42", outs, wanted);
      expect(warnings).toEqual([pending, pending]);
      expect(world.verbs()).toEqual([]);
      expect(still.outs).toEqual(outs);

      world.fakes.host("h2").down = false;
      const healed = await lifecycle.update("app-42", outs, wanted);
      expect(warnings).toHaveLength(2);
      expect(world.verbs()).toEqual(["h2 apply"]);
      expect(healed.outs).toEqual({ ...state, records: wanted.records });
      expect(world.documents.get("h2 42")).toContain("10.42.1.9 db");
      expect(await lifecycle.diff("app-42", healed.outs, wanted)).toMatchObject({ changes: false });
    });

    it("is a failure when it is to join or to leave", async () => {
      const { outs } = await lifecycle.create({ ...inputs, hosts: inputs.hosts.slice(0, 2) });
      down("h3");
      const joining = await failure(lifecycle.update("app-42", outs, inputs));
      expect(joining.reasons?.[0]).toBe(
        "network app was not updated on all hosts; the next up finishes it",
      );
      expect(joining.properties?.hosts).toHaveLength(3);
      down("h2");
      const only = { ...inputs, hosts: inputs.hosts.slice(0, 1) };
      const leaving = await failure(lifecycle.update("app-42", outs, only));
      expect(leaving.properties?.hosts.map(({ name }) => name)).toEqual(["h1", "h2"]);
      expect(warnings).toEqual([]);
    });

    it("that refuses is a failure as before: only silence can wait", async () => {
      const state = await made();
      world.broken.set("h2", { code: 4, stderr: "iptables: no chain" });
      const error = await failure(lifecycle.update("app-42", state, { ...inputs, mtu: 1300 }));
      expect(error.reasons).toContainEqual(expect.stringContaining("iptables: no chain"));
      expect(warnings).toEqual([]);
    });
  });

  it.each([
    ["h1", ["h1 leave ending"]],
    ["h2", ["h1 leave ending", "h2 leave", "h3 leave ending"]],
  ])(
    "a range that Docker on %s refuses, once the links are there, leaves nothing that hosts share",
    async (host, leaves) => {
      const { networks } = world.fakes.host(host).docker;
      // A pool that Docker holds and does not list, as of a network that it is just making.
      const pool = new AddressPool({ Subnet: "10.42.0.0/16" });
      networks.set("other", { id: "other", body: { Name: "other" }, pool, lingering: 0 });
      const error = await failure(lifecycle.create(inputs));
      expect(error.message).toContain("Docker has another network that overlaps 10.42.0.0/16");
      expect(error.id).toBeUndefined();
      const left = world.calls.filter(({ verb }) => verb === "leave");
      expect(
        left.map((call) => [call.host, call.verb, ...call.args.slice(2)].join(" ")).sort(),
      ).toEqual(leaves);
      expect(world.documents.size).toBe(0);
    },
  );

  it("a host without dnsmasq is refused before anything is touched", async () => {
    world.missing.set("h3", ["dnsmasq"]);
    const error = await failure(lifecycle.create(inputs));
    expect(error.message).toBe(
      "host h3: the network driver vxlan needs dnsmasq\nInstall the packages there: apt-get install -y dnsmasq-base",
    );
    expect(error.id).toBeUndefined();
    expect(world.calls).toEqual([]);
  });

  it("a host without Weave Net is refused for driver weave, with what to install", async () => {
    world.missing.set("h2", ["weave"]);
    const error = await failure(lifecycle.create({ ...inputs, driver: "weave" }));
    expect(error.message).toBe(
      "host h2: the network driver weave needs Weave Net\nPut Weave Net's script `weave` into /usr/local/bin there and load its images " +
        "(weaveworks/weave, weaveworks/weaveexec, weaveworks/weavedb): https://github.com/weaveworks/weave/releases",
    );
    expect(world.calls).toEqual([]);
  });

  it("read shows drift as hosts that are not in the inputs, and unreachable as an error", async () => {
    const state = await made();
    expect(await lifecycle.read("app-42", state)).toEqual({ id: "app-42", props: state, inputs });
    world.broken.set("h1", { code: 0, stdout: "differs the link cnv42 is missing\n" });
    const seen = await lifecycle.read("app-42", state);
    expect(seen.props?.problems).toEqual({ h1: ["the link cnv42 is missing"] });
    expect(seen.inputs?.hosts.map(({ name }) => name)).toEqual(["h2", "h3"]);
    world.fakes.host("h1").down = true;
    await expect(lifecycle.read("app-42", state)).rejects.toThrow(/^host h1: /);
  });

  it("read finds a network that is nowhere gone", async () => {
    const state = await made();
    await lifecycle.delete("app-42", state);
    expect(await lifecycle.read("app-42", state)).toEqual({});
  });

  describe("a replacement of the same addresses", () => {
    it("takes over what is there, and the deletion of the old state leaves it alone", async () => {
      const old = await made();
      const replaced = await made();
      world.calls.length = 0;
      await lifecycle.delete("app-42", old);
      expect(world.calls).toEqual([]);
      expect([...world.documents.keys()].sort()).toEqual(["h1 42", "h2 42", "h3 42"]);
      expect(writes("h1")).toEqual(["POST /networks/create"]);
      expect((await lifecycle.read("app-42", replaced)).props).toEqual(replaced);
      await lifecycle.delete("app-42", replaced);
      expect(world.documents.size).toBe(0);
      expect(writes("h1")).toHaveLength(2);
    });

    it("does so with a state of before creations were told apart, which lives on else", async () => {
      const replaced = await made();
      const { generation: _, ...old } = replaced;
      for (const [key, text] of world.documents)
        world.documents.set(key, text.replace(/^generation .*\n/m, ""));
      world.calls.length = 0;
      const { outs } = await lifecycle.update("app-42", old, inputs);
      expect(outs).toEqual(old);
      expect(world.verbs()).toEqual([]);
      expect(await lifecycle.read("app-42", old)).toMatchObject({ props: old });

      const anew = await made();
      await lifecycle.delete("app-42", old);
      expect(world.documents.size).toBe(3);
      await lifecycle.delete("app-42", anew);
      expect(world.documents.size).toBe(0);
    });
  });

  it("delete refuses while one host has containers, and strips none", async () => {
    const state = await made();
    const { docker } = world.fakes.host("h2");
    docker.addContainer("web", {
      Image: "web",
      NetworkingConfig: { EndpointsConfig: { "app-42": {} } },
    });
    world.calls.length = 0;
    const error = await failure(lifecycle.delete("app-42", state));
    expect(error.message).toContain("host h2: network app still has containers: web");
    expect(world.calls).toEqual([]);
    for (const host of ["h1", "h2", "h3"]) expect(writes(host)).toEqual(["POST /networks/create"]);
  });

  describe("a creation whose hosts cannot all tell what the others need", () => {
    const wireguard = () => ({ ...inputs, driver: "wireguard" as const });
    const broken = { code: 4, stderr: "no key" };

    it("is undone on all of them, and is an error without a state", async () => {
      world.answers.set("h2 introduce", broken);
      const error = await failure(lifecycle.create(wireguard()));
      expect(error.id).toBeUndefined();
      expect(world.verbs()).toEqual([
        "h1 introduce",
        "h1 leave",
        "h2 introduce",
        "h2 leave",
        "h3 introduce",
        "h3 leave",
      ]);
    });

    it("leaves a state where one could not be left, and the next up finishes it", async () => {
      world.answers.set("h2 introduce", broken);
      world.answers.set("h3 leave", { code: 4, stderr: "busy" });
      const error = await failure(lifecycle.create(wireguard()));
      expect(error.id).toBe("app-42");
      expect(error.reasons?.[0]).toBe(
        "network app was made on no host, and what was begun is not gone from all; the next up finishes it",
      );
      expect(error.reasons).toHaveLength(3);
      expect(Object.keys(error.properties?.problems ?? {}).sort()).toEqual(["h2", "h3"]);
      world.answers.clear();
      const { outs } = await lifecycle.update("app-42", error.properties!, wireguard());
      expect(Object.keys(outs.dockerIds)).toHaveLength(3);
      expect(outs.problems).toBeUndefined();
      expect(outs.generation).toBe(error.properties?.generation);
    });
  });

  it("delete asks again while Docker has not let go of an endpoint", async () => {
    const state = await made();
    const { networks } = world.fakes.host("h2").docker;
    const ours = () => [...networks.values()].find(({ body }) => body.Name === "app-42");
    ours()!.lingering = 2;
    await lifecycle.delete("app-42", state);
    const removals = writes("h2").filter((request) => request.startsWith("DELETE /networks/"));
    expect(removals).toHaveLength(3);
    expect(ours()).toBeUndefined();
  });

  it("delete is idempotent, and forgets an unreachable host only if told to", async () => {
    const state = await made();
    world.fakes.host("h2").down = true;
    await expect(lifecycle.delete("app-42", state)).rejects.toThrow(/^host h2: /);
    const warnings: string[] = [];
    useSink((_urn, message, options) => {
      if (options.warn) warnings.push(message);
    });
    const forgetting = {
      ...state,
      hosts: state.hosts.map((host) => ({
        ...host,
        connection: { ...host.connection, whenUnreachable: "forget" as const },
      })),
    };
    await lifecycle.delete("app-42", forgetting);
    expect(warnings).toEqual([
      "host h2 cannot be reached and is forgotten: network app stays there as bridge and Docker network app-42 until it is removed by hand",
    ]);
    expect([...world.documents.keys()]).toEqual(["h2 42"]);
  });
});
