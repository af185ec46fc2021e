import { afterEach, describe, expect, it } from "vitest";
import { CloudError } from "../../../provider/errors.js";
import type { HostConnection } from "../../../provider/host/connection.js";
import type { ContainerSummary } from "../../../provider/host/docker-types.js";
import { forgetLostHosts, isGivenUp, isRemovedLater } from "../../../provider/host/lost-hosts.js";
import type { HostSnapshot } from "../../../provider/host/observe.js";
import { LABELS } from "../../../provider/host/ownership.js";
import type { PlacementInputs } from "../../../provider/resources/placement/inputs.js";
import { viewPlan, why, whyNot } from "../../../provider/resources/placement/why.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import { ask, GiB, network, on, replicas } from "./make.js";
import { connection, inputs, lost, planHost, seen, world } from "./plan-world.js";

const unknown = UNKNOWN as never;

/** A network with a machine that has no Docker. */
const withMachine = (over: object = {}) => ({
  ...network("app"),
  machines: [{ name: "db", aliases: [], connection: planHost("db").connection, ...over }],
});

describe("check of the plan", () => {
  it("adds names to a network that was planned before, known in preview, and says nothing without any", async () => {
    const { check, diff, warnings } = world();
    const first = await check({}, inputs());
    expect(first.inputs).not.toHaveProperty("names");
    const earlier = {
      assignments: first.inputs?.assignments ?? {},
      networks: first.inputs?.allocations ?? {},
      requests: inputs().requests,
    };
    const requests = replicas("late", 1, { networks: [on("app", { aliases: ["tail"] })] });
    const later = inputs({ earlier, networks: [], requests });
    const second = await check({}, later);
    expect(second.inputs?.names).toEqual({
      app: { "late-0": ["10.128.0.3"], tail: ["10.128.0.3"] },
    });
    expect(warnings).toEqual([]);
    const moved = { ...second.inputs!, names: { app: { "late-0": ["10.128.1.3"] } } };
    expect(await diff("id", second.inputs!, moved)).not.toEqual({ changes: false });
    // A host that does not exist yet: the names are known, their addresses are not.
    const pending = inputs({
      earlier,
      networks: [],
      requests,
      hosts: [planHost("h1", { connection: unknown })],
    });
    expect((await world().check({}, pending)).inputs?.names).toEqual({
      app: { "late-0": UNKNOWN, tail: UNKNOWN },
    });
  });

  it("puts a later plan's container where the volume of an earlier plan's will be", async () => {
    const constraints = [{ kind: "host" as const, host: "h2" }];
    const requests = replicas("db", 1, { volumes: ["data"], constraints });
    const first = await world().check({}, inputs({ requests }));
    const earlier = {
      assignments: first.inputs?.assignments ?? {},
      networks: first.inputs?.allocations ?? {},
      requests,
    };
    const later = replicas("backup", 1, { volumes: ["data"] });
    const second = await world().check({}, inputs({ earlier, networks: [], requests: later }));
    expect(second.inputs?.assignments).toMatchObject({
      "backup-0": { host: "h2", reason: "its volume data is here" },
    });
  });

  it("observes all hosts once and decides hosts, addresses and networks", async () => {
    const { check, asked } = world();
    const result = await check({}, inputs());
    expect(asked).toEqual([["h1", "h2"]]);
    expect(result.failures).toEqual([]);
    expect(result.inputs?.assignments).toMatchObject({
      "web-0": { host: "h1", addresses: { app: "10.128.0.2" } },
      "web-1": { host: "h2", addresses: { app: "10.128.1.2" } },
    });
    expect(result.inputs?.allocations?.["app"]).toMatchObject({ cidr: "10.128.0.0/16", mtu: 1450 });
  });

  it("says the same in preview and up, and nothing new once it is carried out", async () => {
    const { check, diff } = world();
    const preview = await check({}, inputs());
    const up = await check({}, inputs());
    expect(up).toEqual(preview);
    if (!up.inputs) throw new Error("no inputs");
    const again = await check(up.inputs, inputs());
    expect(again.inputs).toEqual(up.inputs);
    expect(await diff("id", up.inputs, inputs(again.inputs))).toEqual({ changes: false });
  });

  it("does not let a busier host into the inputs", async () => {
    const first = await world().check({}, inputs());
    const busy = seen("h1", [{ Id: "a" }, { Id: "b" }]);
    const second = await world({ h1: busy }).check(first.inputs ?? {}, inputs());
    expect(second.inputs).toEqual(first.inputs);
  });

  it("looks who has ports only where some are published, and takes its own for free", async () => {
    const port = { hostPort: 8080, protocol: "tcp" as const };
    const taken = (by: string, more: object = {}) => ({
      ...{ first: 8080, last: 8080, protocol: "tcp" as const, hostAddress: "", by },
      ...more,
    });
    const quiet = world();
    await quiet.check({}, inputs());
    expect(quiet.wanted[0]).not.toHaveProperty("ports");
    const requests = replicas("web", 1, { networks: [on("app")], ingress: [port] });
    const check = async (...had: ReturnType<typeof taken>[]) => {
      const over = world({ h2: { ...seen("h2"), taken: had } as HostSnapshot });
      const { failures = [] } = await over.check({}, inputs({ requests }));
      expect(over.wanted[0]).toHaveProperty("ports", true);
      return failures.map(({ reason }) => reason);
    };
    expect(await check(taken("network shop/dev/app", { network: "shop/dev/app" }))).toEqual([]);
    expect(await check(taken("network other/dev/app", { network: "other/dev/app" }))).toEqual([
      "no host for web-0: port 8080/tcp cannot be open on every host: it is in use by network other/dev/app on h2",
    ]);
    expect(await check(taken("the process nginx"))).toEqual([
      "no host for web-0: port 8080/tcp cannot be open on every host: it is in use by the process nginx on h2",
    ]);
  });

  it("knows a port that a container publishes by the container, whoever listens for it", async () => {
    const mine = [{ hostPort: 8080, protocol: "tcp" as const, hostAddress: "" }];
    const requests = replicas("web", 1, { ports: mine });
    const own = {
      Labels: { [LABELS.owner]: "shop/dev/web-0", [LABELS.ports]: "8080/tcp" },
    };
    const listens = { first: 8080, last: 8080, protocol: "tcp" as const, hostAddress: "" };
    const h1 = { ...seen("h1", [own]), taken: [{ ...listens, by: "the process dockerd" }] };
    const { failures, inputs: decided } = await world({ h1: h1 as HostSnapshot }).check(
      {},
      inputs({ requests }),
    );
    expect(failures).toEqual([]);
    expect(decided?.assignments).toMatchObject({ "web-0": { host: "h1" } });
  });

  it("makes each refusal a failure", async () => {
    const requests = [ask("web", { memoryBytes: 3 * GiB })];
    const { failures } = await world().check({}, inputs({ requests }));
    expect(failures).toEqual([
      {
        property: "",
        reason: "no host for web: 2 hosts lack 3 GiB of memory (largest free 2 GiB on h1)",
      },
    ]);
  });

  it("refuses to leave data behind: a host taken out, one unreachable, one whose Docker does not answer", async () => {
    const requests = [ask("db", { volumes: ["data"] })];
    const hosts = [
      planHost("h1", { labels: { zone: "a" } }),
      planHost("h2", { labels: { zone: "b" } }),
    ];
    const { inputs: before } = await world().check({}, inputs({ hosts, requests }));
    expect(before?.assignments?.["db"]?.host).toBe("h1");
    const reasons = async (
      snapshots: Record<string, HostSnapshot>,
      over: Partial<PlacementInputs>,
      olds = before,
    ) => {
      const news = inputs({ hosts, requests, ...over });
      return (await world(snapshots).check(olds ?? {}, news)).failures?.map(({ reason }) => reason);
    };
    const without = { hosts: hosts.slice(1) };
    expect(await reasons({}, without)).toEqual([
      "no host for db: its volume data is on h1, which is no longer a host of the cloud; bring h1 back, or bring the volume to another host first",
    ]);
    const inB = { constraints: [{ kind: "label" as const, expression: "zone=b" }] };
    expect(await reasons({ h1: lost("h1") }, inB)).toEqual([
      "no host for db: its volume data is on h1, which cannot be reached at 192.168.7.2: timed out; h1 lacks label zone=b; bring h1 back, or bring the volume to another host first",
    ]);
    const { engine: _, ...dockerless } = seen("h1") as Extract<HostSnapshot, { reachable: true }>;
    expect(await reasons({ h1: dockerless }, inB)).toEqual([
      "no host for db: 1 host lacks label zone=b, 1 host does not hold volume data, which is on h1",
    ]);
    // The container was there without the volume, which is new.
    const bare = { ...before, requests: [ask("db")] };
    expect(await reasons({}, without, bare as typeof before)).toEqual([]);
  });

  it("refuses to leave a folder behind, as the container that is seen has it or the last plan had", async () => {
    const onH1 = {
      requests: [ask("db", { constraints: [{ kind: "host" as const, host: "h1" }] })],
    };
    const { inputs: before } = await world().check({}, inputs(onH1));
    const inB = { ...ask("db"), constraints: [{ kind: "hostname" as const, pattern: "h2" }] };
    const moves = inputs({ requests: [{ ...inB, folders: ["/srv/db"] }] });
    const refusal =
      "no host for db: 1 host does not match hostname h2, 1 host does not hold its folder /srv/db, which is on h1";
    const mounted = (RW: boolean) =>
      seen("h1", [
        {
          Labels: { [LABELS.owner]: "shop/dev/db" },
          Mounts: [{ Type: "bind", Source: "/srv/db", Destination: "/data", RW }],
        },
      ]);
    const plan = async (snapshot: HostSnapshot, olds = before) => {
      const { failures, inputs: checked } = await world({ h1: snapshot }).check(olds!, moves);
      return failures?.map(({ reason }) => reason).join() || checked?.assignments?.["db"]?.host;
    };
    // The state is of a version that knew of no folders.
    expect(await plan(mounted(true))).toBe(refusal);
    expect(await plan(mounted(false))).toBe("h2");
    expect(await plan(lost("h1"))).toContain(
      "its folder /srv/db is on h1, which cannot be reached",
    );
    const known = { ...before!, requests: [{ ...ask("db"), folders: ["/srv/db"] }] };
    expect(await plan(seen("h1"), known)).toBe(refusal);
  });

  it("counts declared capacity over observed, and other stacks' reservations", async () => {
    const hosts = [planHost("h1", { capacity: { cpus: 1 } }), planHost("h2")];
    const labels = { [LABELS.owner]: "other/prod/db", [LABELS.cpus]: "1.5" };
    const requests = [ask("web", { cpus: 1 }), ask("api", { cpus: 1 })];
    const there = { h2: seen("h2", [{ Labels: labels, State: "exited" }]) };
    const { failures } = await world(there).check({}, inputs({ hosts, requests }));
    expect(failures?.map(({ reason }) => reason)).toEqual([
      "no host for api: 2 hosts lack 1 cpu (most free 0.5 cpus on h2)",
    ]);
  });

  it("takes back its own container by its owner label when there is no state", async () => {
    const labels = { [LABELS.owner]: "shop/dev/web-0" };
    const there = { h2: seen("h2", [{ Labels: labels }]) };
    const { inputs: checked } = await world(there).check({}, inputs());
    expect(checked?.assignments?.["web-0"]).toMatchObject({
      host: "h2",
      reason: "its container already runs here",
    });
  });
});

describe("a host that cannot be reached", () => {
  it("keeps what is there, with a warning", async () => {
    const first = await world().check({}, inputs());
    const { check, warnings } = world({ h2: lost("h2") });
    const second = await check(first.inputs ?? {}, inputs());
    expect(second.inputs).toEqual(first.inputs);
    expect(second.failures).toEqual([]);
    expect(warnings).toEqual([
      "host h2 cannot be reached at 192.168.7.2: timed out; web-1 stays there",
    ]);
  });

  it("takes nothing new, and is a reason of the refusal", async () => {
    const hosts = [planHost("h2")];
    const { failures } = await world({ h2: lost("h2") }).check(
      {},
      inputs({ hosts, networks: [], requests: [ask("web")] }),
    );
    expect(failures?.map(({ reason }) => reason)).toEqual([
      "no host for web: 1 host is not ready (h2 cannot be reached at 192.168.7.2: timed out)",
    ]);
  });
});

describe("a host whose Docker is not seen", () => {
  const withoutEngine = (name: string, what: string): HostSnapshot => {
    const { engine: _, ...machine } = seen(name) as Extract<HostSnapshot, { reachable: true }>;
    const options = { host: name, reasons: ["Cannot connect"], hint: "Start it." };
    return { ...machine, engineProblem: new CloudError("docker", what, options) };
  };
  const silent = "Docker does not answer at /var/run/docker.sock";
  const absent = "Docker is not installed";

  it("keeps what is there and takes nothing new while Docker does not answer", async () => {
    const first = await world().check({}, inputs());
    const { check, warnings } = world({ h2: withoutEngine("h2", silent) });
    const second = await check(first.inputs ?? {}, inputs());
    expect(second.inputs).toEqual(first.inputs);
    expect(second.failures).toEqual([]);
    expect(warnings).toEqual([
      "host h2 cannot be used: Docker does not answer at /var/run/docker.sock; web-1 stays there",
    ]);
    const alone = inputs({ hosts: [planHost("h2")], networks: [], requests: [ask("web")] });
    expect((await check({}, alone)).failures?.map(({ reason }) => reason)).toEqual([
      "no host for web: 1 host is not ready (h2 cannot be used: Docker does not answer at /var/run/docker.sock)",
    ]);
  });

  /** As the SDK says in the preview of an up that makes the DockerHost. */
  const made = (name: string) => planHost(name, { preparing: UNKNOWN as never });

  it("is decided later where the same up starts Docker: what is there cannot be seen before", async () => {
    const stopped = world({ h2: withoutEngine("h2", silent) });
    const hosts = [made("h1"), made("h2")];
    const { inputs: checked, failures } = await stopped.check({}, inputs({ hosts }));
    expect(failures).toEqual([]);
    expect(stopped.warnings).toEqual([]);
    expect(stopped.said).toEqual([
      "host h2: Docker is installed but not running; up starts it, and what it takes is decided then",
    ]);
    expect(checked?.assignments?.["web-1"]).toMatchObject({ reason: "placed after hosts exist" });
    // Nothing of it is in the state, and what runs already does not move.
    const first = await world().check({}, inputs({ hosts }));
    expect(first.inputs).toEqual((await world().check({}, inputs())).inputs);
    const again = await stopped.check(first.inputs ?? {}, inputs({ hosts }));
    expect(again.inputs?.assignments).toEqual(first.inputs?.assignments);
  });

  it("is not ready where Docker keeps us waiting or does not let us in", async () => {
    const refused = "no permission to use Docker at /var/run/docker.sock";
    const { check } = world({ h2: withoutEngine("h2", refused) });
    const alone = inputs({ hosts: [made("h2")], networks: [], requests: [ask("web")] });
    expect((await check({}, alone)).failures?.map(({ reason }) => reason)).toEqual([
      `no host for web: 1 host is not ready (h2 cannot be used: ${refused})`,
    ]);
  });

  it("does not give it up as lost", async () => {
    const first = await world().check({}, inputs());
    const { check } = world({ h2: withoutEngine("h2", silent) });
    const second = await check(first.inputs ?? {}, inputs({ replaceLost: true }));
    expect(second.inputs?.assignments).toEqual(first.inputs?.assignments);
    expect(second.inputs).not.toHaveProperty("lost");
  });

  it("takes what is new where Docker is installed by the same up", async () => {
    const { check, warnings } = world({ h2: withoutEngine("h2", absent) });
    const { inputs: checked, failures } = await check({}, inputs());
    expect(failures).toEqual([]);
    expect(warnings).toEqual([]);
    expect(checked?.assignments?.["web-1"]).toMatchObject({ host: "h2" });
  });

  it("is not back before its containers can be seen", async () => {
    const first = await world().check({}, inputs());
    const program = inputs({ replaceLost: true });
    const moved = (await world({ h2: lost("h2") }).check(first.inputs ?? {}, program)).inputs;
    expect(moved?.lost).toEqual({ "web-1": { hosts: ["h2"] } });
    const labels = { [LABELS.owner]: "shop/dev/web-1" };
    const running = { h1: seen("h1", [{ Labels: labels }]) };
    for (const what of [silent, absent]) {
      const there = { ...running, h2: withoutEngine("h2", what) };
      const { inputs: checked } = await world(there).check(moved ?? {}, program);
      expect(checked?.lost, what).toEqual({ "web-1": { hosts: ["h2"] } });
    }
    expect((await world(running).check(moved ?? {}, program)).inputs).not.toHaveProperty("lost");
  });
});

describe("a lost host whose containers are placed anew", () => {
  afterEach(() => forgetLostHosts());
  const gone = { h2: lost("h2") };
  const given = (requests = inputs().requests) => inputs({ requests, replaceLost: true });
  const ran = (name: string) => ({
    Names: [`/${name}`],
    Labels: { [LABELS.owner]: `shop/dev/${name}` },
  });

  it("keeps count of one that leaves the program meanwhile, and removes it when the host is back", async () => {
    const first = await world().check({}, given());
    const [web0] = given().requests;
    const second = await world(gone).check(first.inputs!, given([web0!]));
    expect(second.inputs?.lost).toEqual({ "web-1": { hosts: ["h2"] } });
    expect(isRemovedLater(connection("h2"), "web-1")).toBe(true);
    const still = await world(gone).check(second.inputs!, given([web0!]));
    expect(still.inputs).toEqual(second.inputs);

    const { check, update, removed } = world();
    const back = await check(still.inputs!, given([web0!]));
    expect(back.inputs).not.toHaveProperty("lost");
    await update("id", still.inputs!, back.inputs!);
    expect(removed).toEqual(["shop/dev/web-1 on h2"]);
  });

  it("lets the deletion wait for those alone of which it keeps count", async () => {
    const first = await world().check({}, given());
    const second = await world(gone).check(first.inputs!, given());
    expect(second.inputs?.lost).toEqual({ "web-1": { hosts: ["h2"] } });
    expect(isGivenUp(connection("h2"))).toBe(true);
    expect(isRemovedLater(connection("h2"), "web-1")).toBe(true);
    expect(isRemovedLater(connection("h2"), "web-0")).toBe(false);
    expect(isGivenUp(connection("h1"))).toBe(false);
  });

  it("counts nothing where it was not asked to place anew", async () => {
    const first = await world().check({}, inputs());
    const fewer = inputs({ requests: inputs().requests.slice(0, 1) });
    const second = await world(gone).check(first.inputs!, fewer);
    expect(second.inputs).not.toHaveProperty("lost");
    expect(isGivenUp(connection("h2"))).toBe(false);
  });

  it("removes nothing of a container that an earlier plan has there now", async () => {
    const olds = { ...inputs(), lost: { db: { host: "h2" }, old: { host: "h2" } } };
    const { update, removed } = world();
    const db = { host: "h2", addresses: {}, score: 0, reason: "", revision: "" };
    const earlier = { assignments: { db }, networks: {}, requests: [] };
    await update("id", olds, inputs({ earlier }));
    expect(removed).toEqual(["shop/dev/old on h2"]);
  });

  it("reads what an earlier version wrote, and writes it anew", async () => {
    const olds = { ...given(), lost: { old: { host: "h2" } } };
    const { inputs: checked } = await world(gone).check(olds, given());
    expect(checked?.lost).toEqual({ old: { hosts: ["h2"] } });
  });

  it("keeps count of each host when one is lost after the other", async () => {
    const hosts = ["h1", "h2", "h3"].map((name) => planHost(name));
    const one = inputs({ hosts, requests: replicas("web", 1), replaceLost: true });
    const first = await world().check({}, one);
    const second = await world({ h1: lost("h1") }).check(first.inputs!, one);
    const third = await world({ h1: lost("h1"), h2: lost("h2") }).check(second.inputs!, one);
    expect(third.inputs?.assignments?.["web-0"]?.host).toBe("h3");
    expect(third.inputs?.lost).toEqual({ "web-0": { hosts: ["h1", "h2"] } });
    expect(isRemovedLater(connection("h1"), "web-0")).toBe(true);
    expect(isRemovedLater(connection("h2"), "web-0")).toBe(true);

    const runs = { h3: seen("h3", [ran("web-0")]) };
    const { check, update, removed } = world({ ...runs, h1: lost("h1") });
    const half = await check(third.inputs!, one);
    expect(half.inputs?.lost).toEqual({ "web-0": { hosts: ["h1"] } });
    await update("id", third.inputs!, half.inputs!);
    expect(removed).toEqual(["shop/dev/web-0 on h2"]);
  });

  it.each<[string, Partial<ContainerSummary>]>([
    ["is unhealthy", { Status: "Up 2 minutes (unhealthy)" }],
    ["is starting", { Status: "Up 3 seconds (health: starting)" }],
    ["does not run", { State: "exited", Status: "Exited (1) 2 seconds ago" }],
  ])("keeps what was left while the new one %s, and says so", async (_, state) => {
    const first = await world().check({}, given());
    const moved = await world(gone).check(first.inputs!, given());
    const there = {
      h1: seen("h1", [ran("web-0"), { ...ran("web-1"), ...state }]),
      h2: seen("h2", [ran("web-1")]),
    };
    const { check, warnings } = world(there);
    const { inputs: checked } = await check(moved.inputs!, given());
    expect(checked?.lost).toEqual({ "web-1": { hosts: ["h2"] } });
    expect(warnings).toEqual([
      "web-1 is not well on h1: what it left on h2, which is back, stays until it is",
    ]);
  });

  describe("is deleted with its plan", () => {
    const state = { ...inputs(), lost: { "web-1": { hosts: ["h2", "h9"] }, old: { host: "h1" } } };

    it("so what was left goes now", async () => {
      const { remove, removed, said } = world();
      await remove("id", state);
      expect(removed).toEqual(["shop/dev/web-1 on h2", "shop/dev/old on h1"]);
      expect(said[0]).toBe(
        "host h2 is back: shop/dev/web-1 of h2, which web-1 had left there, was removed",
      );
    });

    const away = new CloudError("unreachable", "cannot be reached: timed out", { host: "h2" });

    it("unless its host still cannot be reached", async () => {
      await expect(world({}, away).remove("id", state)).rejects.toThrow(
        'host h2: cannot be reached: timed out\nIf it will never come back, set whenUnreachable: "forget" on the host, run up, then delete it.',
      );
    });

    it("or is forgotten with a host that the program has given up", async () => {
      const hosts = ["h1", "h2"].map((name) =>
        planHost(name, { connection: { ...connection(name), whenUnreachable: "forget" } }),
      );
      const { remove, warnings } = world({}, away);
      await remove("id", { ...state, hosts });
      expect(warnings).toEqual([
        "what web-1 may have left on h2, which cannot be reached, is forgotten: every container labelled io.clocker.owner=shop/dev/web-1 there",
        "what old may have left on h1, which cannot be reached, is forgotten: every container labelled io.clocker.owner=shop/dev/old there",
      ]);
    });
  });

  it("waits for the new one to run before the old one goes", async () => {
    const first = await world().check({}, given());
    const moved = await world(gone).check(first.inputs!, given());
    const early = await world().check(moved.inputs!, given());
    expect(early.inputs?.lost).toEqual({ "web-1": { hosts: ["h2"] } });
    const runs = { h1: seen("h1", [ran("web-0"), ran("web-1")]) };
    const late = await world(runs).check(moved.inputs!, given());
    expect(late.inputs).not.toHaveProperty("lost");
  });
});

describe("unknown values", () => {
  const coming = planHost("h3", {
    connection: { ...connection("h3"), address: unknown } as HostConnection,
  });

  it("of a host leave its requests for later, and do not ask it", async () => {
    const { check, asked } = world();
    const { inputs: checked, failures } = await check({}, inputs({ hosts: [coming] }));
    expect(asked).toEqual([[]]);
    expect(failures).toEqual([]);
    expect(checked?.assignments?.["web-0"]).toEqual({
      host: UNKNOWN,
      addresses: { app: UNKNOWN },
      score: UNKNOWN,
      reason: "placed after hosts exist",
      revision: "r1",
    });
    expect(checked?.allocations?.["app"]).toMatchObject({
      cidr: UNKNOWN,
      hosts: { h3: { block: UNKNOWN } },
      records: { "web-0": UNKNOWN, "web-1": UNKNOWN },
    });
  });

  it("of a new host leave what is placed known", async () => {
    const first = await world().check({}, inputs());
    const hosts = [...inputs().hosts, coming];
    const requests = replicas("web", 3, { networks: [on("app")] });
    const second = await world().check(first.inputs ?? {}, inputs({ hosts, requests }));
    expect(second.inputs?.assignments).toMatchObject({
      ...first.inputs?.assignments,
      "web-2": { host: UNKNOWN, reason: "placed after hosts exist" },
    });
    expect(second.inputs?.allocations?.["app"]).toMatchObject({
      cidr: "10.128.0.0/16",
      mtu: UNKNOWN,
      hosts: { h1: { underlay: "192.168.7.1" }, h3: { block: "10.128.2.0/24", underlay: UNKNOWN } },
      records: { "web-0": ["10.128.0.2"], "web-2": UNKNOWN },
    });
  });

  it("of a revision leave only the address for later", async () => {
    const first = await world().check({}, inputs());
    const requests = inputs().requests.map((each) => ({ ...each, revision: UNKNOWN }));
    const second = await world().check(first.inputs ?? {}, inputs({ requests }));
    expect(second.inputs?.assignments?.["web-0"]).toMatchObject({
      host: "h1",
      addresses: { app: UNKNOWN },
    });
  });

  it("of a request leave it for later and say so", async () => {
    const requests = [ask("web", { memoryBytes: unknown }), ask("api")];
    const { inputs: checked } = await world().check({}, inputs({ requests }));
    expect(checked?.assignments?.["web"]?.reason).toBe("placed when its inputs are known");
    expect(checked?.assignments?.["api"]?.host).toBe(UNKNOWN);
  });

  it.each([
    ...["hosts", "requests", "networks", "earlier"],
    ...["cloud", "constraints", "strategies", "pool"],
  ])("of all that every decision depends on leave everything for later: %s", async (key) => {
    const { asked, check } = world();
    const { inputs: checked, failures } = await check({}, inputs({ [key]: unknown }));
    expect(asked).toEqual([]);
    expect(failures).toBeUndefined();
    expect(checked?.assignments).toBe(UNKNOWN);
    expect(checked?.allocations).toBe(UNKNOWN);
  });
});

describe("a machine without Docker", () => {
  const on = (name: string) => planHost(name).connection;

  it("is observed beside the hosts, also where two networks call theirs the same", async () => {
    const { check, asked } = world();
    const networks = [
      withMachine({ connection: on("m8") }),
      { ...withMachine({ connection: on("m9"), aliases: ["sql"] }), name: "lan" },
    ];
    const { inputs: checked, failures } = await check({}, inputs({ networks }));
    expect(failures).toEqual([]);
    expect(asked).toEqual([
      ["h1", "h2"],
      ["m8", "m9"],
    ]);
    expect(checked?.allocations).toMatchObject({
      app: { machines: { db: { address: "10.128.255.254", underlay: "192.168.7.8" } } },
      lan: {
        machines: { db: { address: "10.129.255.254", underlay: "192.168.7.9" } },
        records: { db: ["10.129.255.254"], sql: ["10.129.255.254"] },
      },
    });
  });

  it("that does not exist yet has an address where the network has a CIDR, and else waits with it", async () => {
    const { check, asked } = world();
    const connection = { ...on("m8"), address: UNKNOWN };
    const fixed = { ...withMachine({ connection }), cidr: "10.9.0.0/16" };
    const carved = { ...withMachine({ connection, aliases: ["sql"] }), name: "lan" };
    const { inputs: checked } = await check({}, inputs({ networks: [fixed, carved] }));
    expect(asked).toEqual([["h1", "h2"]]);
    expect(checked?.allocations).toMatchObject({
      app: {
        hosts: { h1: { block: "10.9.0.0/24", underlay: "192.168.7.1" } },
        machines: { db: { address: "10.9.255.254", underlay: UNKNOWN } },
        mtu: UNKNOWN,
        records: { db: ["10.9.255.254"] },
      },
      lan: {
        cidr: UNKNOWN,
        machines: { db: { address: UNKNOWN, underlay: UNKNOWN } },
        records: { db: UNKNOWN, sql: UNKNOWN },
      },
    });
  });
});

describe("bad inputs are refused before any host is asked", () => {
  const cases: [name: string, over: object, reason: string][] = [
    [
      "unknown property",
      { colour: "red" },
      "cloud cloud: colour is unknown; the properties here are ",
    ],
    [
      "malformed CIDR",
      { networks: [network("app", { cidr: "10.1.0.1/16" })] },
      "network app: cidr must be a CIDR without host bits, such as 10.20.0.0/16",
    ],
    [
      "malformed pool",
      { pool: { cidr: "10/8", networkPrefix: 16 } },
      "cloud cloud: addressPool must be a CIDR without host bits, such as 10.20.0.0/16",
    ],
    [
      "bad label operator",
      { constraints: [{ kind: "label", expression: "zone % eu" }] },
      'cloud cloud: constraints[0].expression is wrong: label expression "zone % eu": unknown operator "%" at character 6;',
    ],
    [
      "unknown strategy",
      { strategies: [{ kind: "best" }] },
      "cloud cloud: strategies[0].kind must be one of random, depthFirst, breadthFirst, leastContainers",
    ],
    [
      "container twice",
      { requests: [ask("web"), ask("web")] },
      "container web: name web is used twice",
    ],
    ["host twice", { hosts: [planHost("h1"), planHost("h1")] }, "host h1: name h1 is used twice"],
    [
      "shell characters",
      { requests: [ask("web; rm -rf /")] },
      "container (a name with other characters): name must be a name: at most 63 letters",
    ],
    [
      "port out of range",
      {
        requests: [ask("web", { ports: [{ hostPort: 70000, protocol: "tcp", hostAddress: "" }] })],
      },
      "container web: ports[].host must be a whole number from 1 to 65535",
    ],
    [
      "negative memory",
      { requests: [ask("web", { memoryBytes: -1 })] },
      "container web: memory must be a whole number from 0 to",
    ],
    [
      "a host's address",
      { hosts: [planHost("h1", { underlay: "h1.lan" })] },
      "host h1: privateAddress must be an IP address such as 10.20.0.5",
    ],
    [
      "a machine's address",
      { networks: [withMachine({ address: "db.lan" })] },
      "NetworkMember db: address must be an IP address such as 10.20.0.5",
    ],
    [
      "a machine's host",
      { networks: [withMachine({ connection: { ...planHost("db").connection, port: 0 } })] },
      "NetworkMember db: host.port must be a whole number from 1 to 65535",
    ],
    [
      "a machine's unknown property",
      { networks: [withMachine({ mac: "02:00:00:00:00:01" })] },
      "NetworkMember db: mac is unknown; the properties here are ",
    ],
    [
      "a machine with a host's name",
      { networks: [withMachine({ name: "h1" })] },
      "NetworkMember h1: name h1 is the name of a host of the cloud",
    ],
    [
      "no number",
      { requests: [ask("web", { cpus: NaN })] },
      "container web: cpus must be a number from 0 to",
    ],
  ];

  it.each(cases)("%s", async (_name, over, reason) => {
    const { check, asked } = world();
    const { failures } = await check({}, inputs(over));
    expect(failures?.[0]?.property).toBe("");
    expect(failures?.[0]?.reason.slice(0, reason.length)).toBe(reason);
    expect(asked).toEqual([]);
  });
});

describe("the other verbs", () => {
  const state = inputs();

  it("keep what was decided and never replace", async () => {
    const { create, update, read, diff } = world();
    expect(await create(state)).toEqual({ id: "shop/dev/cloud", outs: state });
    expect(await update("id", state, state)).toEqual({ outs: state });
    expect(await read("id", state)).toEqual({ id: "id", props: state, inputs: state });
    const moved = { ...state, meta: { ...state.meta, urn: "urn:other" } };
    expect(await diff("id", state, moved)).toEqual({ changes: false });
    expect(await diff("id", state, inputs({ requests: [] }))).toEqual({});
  });
});

describe("clocker plan", () => {
  it("answers why and why not from a state and fresh observations", async () => {
    const { inputs: state } = await world().check({}, inputs());
    const view = viewPlan(state ?? inputs(), [seen("h1"), seen("h2")]);
    expect(view.result.assignments).toEqual(state?.assignments);
    expect(why(view, "web-1")?.sentence).toBe("web-1 is on h2: breadth first: 0 web here, 1 on h1");
    expect(whyNot(view, "web-1", "h1")).toBe(
      "web-1 is not on h1: accepts it, but h2 comes first: breadth first: 0 web here, 1 on h1",
    );
    expect(whyNot(view, "nobody", "h1")).toBeUndefined();
  });

  it("shows where containers are, not where the next up would move them for a better balance", async () => {
    const hosts = [planHost("h1")];
    const { inputs: before } = await world().check({}, inputs({ hosts }));
    const { inputs: state, failures } = await world().check(
      before ?? {},
      inputs({ rebalance: { maxMoves: 0 } }),
    );
    expect(failures).toEqual([]);
    const view = viewPlan({ ...state!, rebalance: {} }, [seen("h1"), seen("h2")]);
    expect(view.result.moves).toBeUndefined();
    expect(why(view, "web-1")?.sentence).toBe("web-1 is on h1: the only host that fits");
  });
});
