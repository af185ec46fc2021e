import { describe, expect, it } from "vitest";
import type { EngineSnapshot, HostSnapshot } from "../../../provider/host/observe.js";
import { LABELS } from "../../../provider/host/ownership.js";
import type { PlanInput } from "../../../provider/placement/model.js";
import type { PlacementInputs } from "../../../provider/resources/placement/inputs.js";
import { toMachine } from "../../../provider/resources/placement/machine.js";
import { toPlanInput } from "../../../provider/resources/placement/plan-input.js";
import { DECIDING_KEYS } from "../../../provider/resources/placement/plan-keys.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import { ask, assigned, network, on } from "./make.js";
import { inputs, lost, planHost, seen } from "./plan-world.js";

const unknown = UNKNOWN as never;

type Reachable = Extract<HostSnapshot, { reachable: true }>;

/** A host with other parts of what its Docker said. */
const host = (name: string, engine: Partial<EngineSnapshot> = {}): HostSnapshot => {
  const snapshot = seen(name) as Reachable;
  return { ...snapshot, engine: { ...snapshot.engine!, ...engine } };
};

const hosts = [host("h1"), host("h2")];

const problem = (
  news: Partial<PlacementInputs> = {},
  snapshots: readonly HostSnapshot[] = hosts,
  olds: Partial<PlacementInputs> = {},
): PlanInput => toPlanInput(olds, inputs(news), snapshots);

describe("what the program asks, as the plan reads it", () => {
  it("has functions where the program has some", () => {
    expect(problem()).not.toHaveProperty("functions");
    const functions = { predicates: {} };
    expect(toPlanInput({}, inputs(), hosts, functions)).toHaveProperty("functions", functions);
  });

  it("has the settings that are given and known", () => {
    const rebalance = { maxMoves: 2 };
    const found = problem({ rebalance, replaceLost: unknown });
    expect(found.rebalance).toEqual(rebalance);
    for (const absent of ["replaceLost", "supply", "preferences"])
      expect(found).not.toHaveProperty(absent);
  });

  it("asks for nothing where a request is partly unknown, but for the names of its networks that are known", () => {
    const networks = [on("app", { aliases: ["www"] }), { ...on("x"), network: unknown }, unknown];
    const { requests, undecided } = problem({
      requests: [ask("web", { memoryBytes: unknown, cpus: 2, networks }), ask("db", { cpus: 1 })],
    });
    expect(requests).toMatchObject([
      {
        ...{ name: "web", application: "", type: "", cpus: 0, memoryBytes: 0, stopFirst: false },
        networks: [{ network: "app", aliases: [] }],
      },
      { name: "db", cpus: 1 },
    ]);
    expect(undecided).toEqual({ requests: ["web"], revisions: [], networks: [], earlier: false });
    const [whole] = problem({ requests: [ask("web", { networks: unknown })] }).requests;
    expect(whole?.networks).toEqual([]);
  });

  it("waits for a revision alone where only that is unknown", () => {
    const found = problem({ requests: [ask("web", { cpus: 2, revision: unknown })] });
    expect(found.requests[0]).toMatchObject({ cpus: 2 });
    expect(found.undecided).toMatchObject({ requests: [], revisions: ["web"] });
  });

  it("waits where an earlier plan does", () => {
    const earlier = { ...inputs().earlier, assignments: { db: assigned(unknown) } };
    const found = problem({ earlier });
    expect(found.undecided?.earlier).toBe(true);
    expect(found.given?.assignments).toEqual({});
  });
});

describe("what an image is built for", () => {
  const amd = { os: "linux", arch: "amd64" };
  const arm = { os: "linux", arch: "arm64" };
  const platforms = (
    ofHosts: readonly (EngineSnapshot["images"] | undefined)[],
    over: { image?: string; platforms?: { os: string; arch: string }[] } = { image: "web:1" },
  ) => {
    const snapshots = ofHosts.map((images, i) => host(`h${i + 1}`, images ? { images } : {}));
    return problem({ requests: [{ ...ask("web"), ...over }] }, snapshots).requests[0]?.platforms;
  };

  it.each<[string, Parameters<typeof platforms>, ReturnType<typeof platforms>]>([
    ["is what the hosts that have it say", [[{ "web:1": arm }, {}]], [arm]],
    ["if they agree", [[{ "web:1": amd }, { "web:1": amd }]], [amd]],
    ["on the architecture", [[{ "web:1": amd }, { "web:1": arm }]], undefined],
    ["and the system", [[{ "web:1": amd }, { "web:1": { ...amd, os: "windows" } }]], undefined],
    ["is not known where nobody has it", [[{}, undefined]], undefined],
    [
      "is what the program says, whatever is there",
      [[{ "web:1": arm }], { image: "web:1", platforms: [amd] }],
      [amd],
    ],
    ["is not asked where the image is pulled", [[{ "web:1": arm }], {}], undefined],
    ["nor while it is unknown", [[{ [UNKNOWN]: arm }], { image: UNKNOWN }], undefined],
  ])("%s", (_, given, expected) => {
    expect(platforms(...given)).toEqual(expected);
  });

  it("is not asked of a host that cannot be reached, and is no part of the request", () => {
    const requests = [{ ...ask("web"), image: "web:1" }];
    const found = problem({ requests }, [lost("h1"), host("h2", { images: { "web:1": arm } })]);
    expect(found.requests[0]?.platforms).toEqual([arm]);
    expect(found.requests[0]).not.toHaveProperty("image");
  });
});

describe("what the last plan had", () => {
  const before = (requests: PlacementInputs["requests"], snapshots = hosts) =>
    problem({}, snapshots, { requests }).previous;

  it("are volumes, as far as they were known", () => {
    const requests = [ask("db", { volumes: ["data"] }), ask("web", { volumes: unknown }), unknown];
    expect(before(requests).volumes).toEqual({ db: ["data"] });
    expect(before(undefined as never)).not.toHaveProperty("volumes");
  });

  it("are folders; of one from before plans knew of them, those that its containers have", () => {
    const mount = { Type: "bind", Source: "/srv/web", Destination: "/srv", RW: true };
    const more = { ...mount, Source: "/srv/more" };
    const container = (mounted: typeof mount) => ({
      ...{ Labels: { [LABELS.owner]: "shop/dev/web-0" }, Names: ["/web-0"] },
      Mounts: [mounted] as never,
    });
    const requests = [
      ask("db", { folders: ["/srv/db"] }),
      ask("api", { folders: unknown }),
      ask("web-0"),
      ask("web-1"),
    ];
    const there = [seen("h1", [container(mount)]), seen("h2", [container(more)])];
    expect(before(requests, there).folders).toEqual({
      db: ["/srv/db"],
      "web-0": ["/srv/web", "/srv/more"],
    });
  });

  it("are ports that were open on every host", () => {
    const port = (hostPort: number) => ({ hostPort, protocol: "tcp" as const });
    const requests = [
      ask("web", { ingress: [port(80), port(443)] }),
      ask("api", { ingress: unknown }),
      ask("db"),
    ];
    expect(before(requests).ingress).toEqual(["80/tcp", "443/tcp"]);
  });

  it("are assignments and networks that were known throughout", () => {
    const olds = {
      assignments: { web: assigned("h1"), api: assigned(unknown) },
      allocations: unknown,
    };
    const { previous } = problem({}, hosts, olds);
    expect(Object.keys(previous.assignments)).toEqual(["web"]);
    expect(previous.networks).toEqual({});
  });
});

describe("containers of earlier plans", () => {
  const tcp = { hostPort: 80, protocol: "tcp" as const, hostAddress: "" };
  const db = ask("db", { cpus: 1, memoryBytes: 5, ports: [tcp], volumes: ["data"] });
  const earlier = (over: object = {}, assignment: object = {}) => ({
    earlier: {
      assignments: { db: assigned("h1", assignment) },
      networks: {},
      requests: [{ ...db, ...over }],
    },
  });
  const onH1 = (
    news: Partial<PlacementInputs>,
    snapshots: readonly HostSnapshot[] = hosts,
  ): PlanInput["candidates"][number] => problem(news, snapshots).candidates[0]!;

  it("take their place before they have been made, with all that they hold", () => {
    const { others, volumes } = onH1(earlier({ group: "back" }, { devices: ["nvidia:0"] }));
    expect(others).toEqual([
      {
        ...{ name: "db", owner: "shop/dev/db", application: "shop", type: "db", group: "back" },
        ...{ cpus: 1, memoryBytes: 5, ports: [tcp], devices: ["nvidia:0"] },
      },
    ]);
    expect(volumes).toEqual(["data"]);
  });

  it("are siblings by their type where they have no group, and hold no devices unless given some", () => {
    const [other] = onH1(earlier()).others;
    expect(other).toHaveProperty("group", "db");
    expect(other).not.toHaveProperty("devices");
  });

  it("count once where they have been made", () => {
    const web = { Labels: { [LABELS.owner]: "shop/dev/web-9" }, Names: ["/web-9"] };
    const made = { Labels: { [LABELS.owner]: "shop/dev/db" }, Names: ["/db"] };
    const names = (...all: object[]) =>
      onH1(earlier(), [seen("h1", all), seen("h2")]).others.map(({ name }) => name);
    expect(names(made, web)).toEqual(["db", "web-9"]);
    expect(names(web)).toEqual(["web-9", "db"]);
  });

  it("take no place while it is not known what they hold, or where they are", () => {
    expect(onH1(earlier({ memoryBytes: unknown })).others).toEqual([]);
    expect(onH1(earlier({}, { host: "h9" })).others).toEqual([]);
    expect(onH1(earlier({ revision: unknown })).others).toHaveLength(1);
  });
});

describe("networks, as the plan reads them", () => {
  const connection = planHost("m1").connection;
  const machine = { name: "db", aliases: [], connection };
  const read = (over: object) =>
    problem({ networks: [{ ...network("app"), ...over }], requests: [] });
  const zone = { hosts: ["h1"], port: 5353 };

  it("are planned without what is not decided of their name servers", () => {
    expect(read({ zone }).networks[0]).toHaveProperty("zone", zone);
    for (const open of [{}, { zone: { hosts: unknown } }]) {
      const found = read({ cidr: "10.9.0.0/16", ...open });
      expect(found.networks[0]).toMatchObject({ cidr: "10.9.0.0/16" });
      expect(found.networks[0]).not.toHaveProperty("zone");
      expect(found.undecided?.networks).toEqual([]);
    }
  });

  it("take the ports of their name servers on those hosts", () => {
    const [h1, h2] = read({ zone }).candidates;
    const at = { first: 5353, last: 5353 };
    expect(h1?.takenPorts).toMatchObject(["tcp", "udp"].map((protocol) => ({ ...at, protocol })));
    expect(h2).not.toHaveProperty("takenPorts");
  });

  it.each<[string, object]>([
    ["a setting", { mtu: unknown }],
    ["the machines", { machines: unknown }],
    ["a machine's name", { machines: [{ ...machine, name: unknown }] }],
    ["a machine's aliases", { machines: [machine, { ...machine, aliases: unknown }] }],
    ["a machine's address", { machines: [{ ...machine, address: unknown }] }],
  ])("wait where %s is not known", (_, over) => {
    const found = read({ cidr: "10.9.0.0/16", ...over });
    expect(found.undecided?.networks).toEqual(["app"]);
    expect(found.networks).toEqual([{ name: "app", blockPrefix: 24, reserved: [] }]);
  });

  it("do not wait for a machine that exists later", () => {
    const late = { ...machine, connection: { ...connection, address: unknown } };
    const found = read({ machines: [late] });
    expect(found.undecided?.networks).toEqual([]);
    expect(found.networks[0]?.machines).toEqual([{ name: "db", aliases: [], pending: true }]);
  });
});

describe("a machine, as the plan reads it", () => {
  const machine = { name: "db", aliases: ["sql"], connection: planHost("m1").connection };

  it("has the address that it is given, and is reached where the program says or our connection arrives", () => {
    const { address, privateAddress } = { address: "10.1.0.9", privateAddress: "10.0.0.9" };
    const found = { mtu: 1500, routes: ["192.168.7.0/24"] };
    expect(toMachine(machine, seen("m1"))).toEqual({
      ...{ name: "db", aliases: ["sql"] },
      underlay: { address: "192.168.7.1", ...found },
    });
    expect(toMachine({ ...machine, address, privateAddress }, seen("m1"))).toEqual({
      ...{ name: "db", aliases: ["sql"], address },
      underlay: { address: privateAddress, ...found },
    });
    expect(toMachine({ ...machine, privateAddress: unknown }, seen("m1")).underlay?.address).toBe(
      "192.168.7.1",
    );
  });

  it("is yet to be made, or says why it cannot join", () => {
    expect(toMachine(machine, undefined)).toEqual({
      ...{ name: "db", aliases: ["sql"], pending: true },
    });
    expect(toMachine({ ...machine, name: "m1" }, lost("m1"))).toEqual({
      ...{ name: "m1", aliases: ["sql"] },
      notReady: "cannot be reached at 192.168.7.2: timed out",
    });
  });
});

describe("a plan is another one", () => {
  it("by what is decided and by what decides; not by who asks, for how long, or what was decided elsewhere", () => {
    const all = { ...inputs(), assignments: {}, allocations: {} };
    const not = Object.keys(all).filter((key) => !DECIDING_KEYS.includes(key as never));
    expect(not).toEqual(["meta", "observeTimeout", "earlier"]);
    expect([...DECIDING_KEYS].sort()).toEqual(
      [
        ...["allocations", "assignments", "cloud", "constraints", "functions", "hostSupply"],
        ...["hosts", "lost", "names", "networks", "order", "pool", "preferences", "rebalance"],
        ...["replaceLost", "requests", "strategies", "supply"],
      ].sort(),
    );
  });
});
