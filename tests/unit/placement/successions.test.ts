import { afterEach, describe, expect, it } from "vitest";
import type { DockerNetwork } from "../../../provider/host/docker-types.js";
import type { HostSnapshot } from "../../../provider/host/observe.js";
import { LABELS } from "../../../provider/host/ownership.js";
import type { PlacementInputs } from "../../../provider/resources/placement/inputs.js";
import {
  forgetSuccessions,
  servingOn,
  successionsOn,
  whoHasNames,
} from "../../../provider/resources/successions.js";
import {
  forgetSeenContainers,
  seenContainers,
} from "../../../provider/resources/seen-containers.js";
import { ask, network, on } from "./make.js";
import { connection, inputs, lost, seen, world } from "./plan-world.js";

const CIDR = "10.128.0.0/16";
const request = (more: object = {}) =>
  ask("web", { networks: [on("app")], revision: "r1", ...more });
const wanted = (more: Partial<PlacementInputs> = {}) =>
  inputs({ networks: [network("app", { cidr: CIDR })], requests: [request()], ...more });

/** What a host shows of the stack's containers named web: address, age and state of each. */
function shows(
  host: string,
  ...containers: { address: string; created?: number; status?: string; state?: string }[]
): HostSnapshot {
  const snapshot = seen(
    host,
    containers.map(({ address, created = 1, status = "Up 2 minutes", state = "running" }) => ({
      ...{ Created: created, State: state, Status: status },
      Labels: { [LABELS.owner]: "shop/dev/web" },
      NetworkSettings: { Networks: { "app-7": { IPAddress: address } } },
    })),
  );
  if (snapshot.reachable && snapshot.engine)
    snapshot.engine.networks = [
      {
        Name: "app-7",
        Labels: { [LABELS.owner]: "shop/dev/app", [LABELS.vni]: "7" },
        IPAM: { Config: [{ Subnet: CIDR }] },
      },
    ] as unknown as DockerNetwork[];
  return snapshot;
}

afterEach(forgetSuccessions);

describe("whom a plan's containers take over from", () => {
  /** Plans a first time, then with `more` and these hosts; answers where web goes and what the run was told. */
  async function replanned(
    hosts: Record<string, HostSnapshot>,
    more: (planned: { address: string; host: string }) => Partial<PlacementInputs>,
  ) {
    const first = (await world().check({}, wanted())).inputs!;
    const { host, addresses } = first.assignments!["web"]!;
    const before = { host, address: addresses["app"]! };
    const next = await world(hosts).check(first, wanted(more(before)));
    const after = next.inputs!.assignments!["web"]!;
    return { next: after.addresses["app"]!, host: after.host, told: successionsOn("shop/dev/app") };
  }
  const changed = () => ({ requests: [request({ revision: "r2" })] });
  const OLD = "10.128.0.2";

  it("is the one that runs with another address, until its successor is ready", async () => {
    const { next, told } = await replanned({ h1: shows("h1", { address: OLD }) }, changed);
    expect(next).toBe("10.128.0.3");
    expect(told).toEqual([{ container: "web", host: "h1", address: OLD, next, serves: true }]);
  });

  it("serves on while its successor is there and not well, in the next run too", async () => {
    // The plan that gave the successor this address has been made.
    const there = (status: string) => ({
      h1: shows("h1", { address: "10.128.0.9" }, { address: OLD, created: 2, status }),
    });
    const serves = async (status: string) =>
      (await replanned(there(status), () => ({}))).told.map((each) => each.serves);
    expect(await serves("Up 9 seconds (unhealthy)")).toEqual([true]);
    expect(await serves("Up 1 second (health: starting)")).toEqual([true]);
    expect(await serves("Up 9 seconds (healthy)")).toEqual([false]);
  });

  it("is the oldest that is well, of several that replacements have left", async () => {
    const { told } = await replanned(
      {
        h1: shows(
          "h1",
          { address: "10.128.0.9", created: 3, status: "Up 9 seconds (unhealthy)" },
          { address: OLD, created: 2 },
          { address: "10.128.0.8", created: 1, state: "exited", status: "Exited (1)" },
        ),
      },
      changed,
    );
    expect(told.map(({ address, serves }) => [address, serves])).toEqual([
      [OLD, true],
      ["10.128.0.9", false],
    ]);
  });

  it("is the oldest where none is well: names led to it before", async () => {
    const ill = "Up 9 seconds (unhealthy)";
    const { told } = await replanned(
      {
        h1: shows(
          "h1",
          { address: "10.128.0.9", created: 3, status: ill },
          { address: OLD, created: 2, status: ill },
        ),
      },
      changed,
    );
    expect(told.map(({ address, serves }) => [address, serves])).toEqual([
      [OLD, true],
      ["10.128.0.9", false],
    ]);
  });

  it("serves in both families where the network has IPv6 too, whose machines are told as well", async () => {
    const machine = { name: "m9", aliases: [], connection: connection("m9") };
    const dual = { ...network("app", { cidr: CIDR, cidr6: "fd00::/64" }), machines: [machine] };
    const { next } = await replanned({ h1: shows("h1", { address: OLD }) }, () => ({
      ...changed(),
      networks: [dual],
    }));
    expect(next).toBe("10.128.0.3");
    expect([...servingOn("shop/dev/app")]).toEqual([
      [next, OLD],
      ["fd00::3", "fd00::2"],
    ]);
    expect(whoHasNames("shop/dev/app")?.hosts.map(({ name }) => name)).toEqual(["h1", "h2", "m9"]);
  });

  it("is on the host that it leaves, and nobody where that cannot be seen or nothing changes", async () => {
    const move = ({ host }: { host: string }): Partial<PlacementInputs> => ({
      requests: [request({ constraints: [{ kind: "host", host: host === "h1" ? "h2" : "h1" }] })],
    });
    const moved = await replanned({ h1: shows("h1", { address: OLD }) }, move);
    expect(moved.told).toEqual([
      { container: "web", host: "h1", address: OLD, next: moved.next, serves: true },
    ]);
    expect((await replanned({ h1: lost("h1") }, move)).told).toEqual([]);
    expect(whoHasNames("shop/dev/app")?.hosts.map(({ name }) => name)).toEqual(["h2"]);
    expect((await replanned({ h1: shows("h1", { address: OLD }) }, () => ({}))).told).toEqual([]);
  });
});

describe("containers of a request", () => {
  afterEach(forgetSeenContainers);
  const at = (owner: string) => (seenContainers(owner) ?? []).map((each) => each.host);

  it("are told to its resource wherever they are, but what Docker is removing", async () => {
    const hosts = {
      h1: shows("h1", { address: "10.128.0.2" }, { address: "10.128.0.3", state: "exited" }),
      h2: shows("h2", { address: "10.128.1.2" }, { address: "10.128.1.3", state: "removing" }),
    };
    await world(hosts).check({}, wanted());
    expect(at("shop/dev/web").sort()).toEqual(["h1", "h1", "h2"]);
    expect(seenContainers("shop/dev/other")).toBeUndefined();
  });

  it("are the plan's own to remove where they were left on a host that was lost", async () => {
    const first = (await world().check({}, wanted())).inputs!;
    const { host } = first.assignments!["web"]!;
    const other = host === "h1" ? "h2" : "h1";
    const back = { [other]: shows(other, { address: "10.128.1.2" }) };
    await world(back).check({ ...first, lost: { web: { hosts: [other] } } }, wanted());
    expect(seenContainers("shop/dev/web")).toEqual([]);
  });
});
