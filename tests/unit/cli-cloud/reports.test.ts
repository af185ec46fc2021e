import { describe, expect, it } from "vitest";
import { reportOf } from "../../../cli/cloud/doctor.js";
import { attempts, matrixText } from "../../../cli/cloud/net.js";
import { matrixOf, networkViews } from "../../../cli/cloud/net-model.js";
import { rowsOf } from "../../../cli/cloud/ps.js";
import { findContainer, portTexts, type CloudState } from "../../../cli/cloud/state.js";
import { CloudError } from "../../../provider/errors.js";
import type { ContainerSummary } from "../../../provider/host/docker-types.js";
import type { HostSnapshot } from "../../../provider/host/observe.js";
import { parseMachine } from "../../../provider/host/observe-script.js";
import { LABELS } from "../../../provider/host/ownership.js";

const state = (host: string) => ({
  place: { host, networks: [{ network: "lan", address: "10.128.0.2" }] },
  spec: {
    image: "web:1",
    application: "shop",
    ports: [
      { hostPort: 8080, containerPort: 80, protocol: "tcp", hostAddress: "" },
      { hostPort: 0, containerPort: 81, protocol: "tcp", hostAddress: "" },
    ],
  },
});

const cloud = {
  project: "p",
  stack: "s",
  hosts: [],
  plans: [],
  networks: [{ networkId: "lan", dockerIds: { h1: "net1" } }],
  policies: [],
  names: [],
  ingress: [],
  containers: [
    { name: "shop-web-0", id: "one", owner: "p/s/shop-web-0", state: state("h1") },
    { name: "shop-web-1", id: "two", owner: "p/s/shop-web-1", state: state("h2") },
  ],
  pending: [],
} as unknown as CloudState;

const container = (Id: string, owner: string, more: Partial<ContainerSummary> = {}) =>
  ({
    Id,
    Names: [`/${Id}`],
    State: "running",
    Status: "Up 1 minute (healthy)",
    Labels: owner === "" ? {} : { [LABELS.owner]: owner },
    ...more,
  }) as ContainerSummary;

const seen = (
  containers: ContainerSummary[],
  networks: object[] = [{ Id: "net1", Name: "lan-7" }],
) =>
  ({
    name: "h1",
    reachable: true,
    machine: parseMachine("", "ssh"),
    engine: { info: { LoggingDriver: "json-file" }, containers, networks, volumes: [] },
  }) as unknown as HostSnapshot;

describe("clocker ps", () => {
  const answers = (value: ContainerSummary[]) => [
    { host: "h1", value },
    { host: "h2", error: "host h2: cannot be reached" },
  ];

  it("shows what Docker says, and that a host says nothing", () => {
    expect(rowsOf(cloud, answers([container("one", "p/s/shop-web-0")]))).toMatchObject([
      {
        name: "shop-web-0",
        host: "h1",
        status: "Up 1 minute (healthy)",
        image: "web:1",
        addresses: { lan: "10.128.0.2" },
        ports: ["8080->80/tcp"],
        containerId: "one",
        application: "shop",
      },
      { name: "shop-web-1", status: "host unreachable", containerId: "two" },
    ]);
  });

  it("finds one that was made again by its owner, and says when there is none", () => {
    const again = rowsOf(cloud, answers([container("new", "p/s/shop-web-0")]));
    expect(again[0]).toMatchObject({ status: "Up 1 minute (healthy)", containerId: "new" });
    const other = rowsOf(cloud, answers([container("new", "p/other/shop-web-0")]));
    expect(other[0]).toMatchObject({ status: "missing", containerId: "one" });
  });
});

describe("clocker doctor", () => {
  const kinds = (snapshot: HostSnapshot) =>
    reportOf(cloud, snapshot).objects.map(({ name, belongs }) => [name, belongs]);

  it("tells owned, other stacks', orphan and foreign apart", () => {
    const containers = [
      container("one", "p/s/shop-web-0"),
      container("left", "p/s/shop-web-0"),
      container("theirs", "p/prod/shop-web-0"),
      container("near", "p/s2/shop-web-0"),
      container("byhand", ""),
    ];
    const networks = [
      { Id: "net1", Name: "lan-7", Labels: { [LABELS.owner]: "p/s/lan" } },
      { Id: "net0", Name: "old-6", Labels: { [LABELS.owner]: "p/s/old" } },
      { Id: "b", Name: "bridge" },
    ];
    expect(kinds(seen(containers, networks))).toEqual([
      ["one", "owned"],
      ["left", "orphan"],
      ["theirs", "other"],
      ["near", "other"],
      ["byhand", "foreign"],
      ["lan-7", "owned"],
      ["old-6", "orphan"],
    ]);
  });

  it("calls what a failed up has still to delete owned: it serves until then", () => {
    const replaced = { ...cloud, replaced: ["left"] };
    const { objects } = reportOf(replaced, seen([container("left", "p/s/shop-web-0")]));
    expect(objects.map(({ name, belongs }) => [name, belongs])).toContainEqual(["left", "owned"]);
  });

  it.each([
    ["gone", [], "container shop-web-0 is gone: run `clocker refresh`, then `clocker up`"],
    [
      "stopped",
      [container("one", "p/s/shop-web-0", { State: "exited" })],
      "container shop-web-0 is exited: see `clocker logs shop-web-0`",
    ],
    [
      "unhealthy",
      [container("one", "p/s/shop-web-0", { Status: "Up 1 minute (unhealthy)" })],
      "container shop-web-0 is unhealthy: see `clocker logs shop-web-0`",
    ],
  ])("says that a container is %s", (_what, containers, sentence) => {
    expect(reportOf(cloud, seen(containers)).problems).toEqual([`host h1: ${sentence}`]);
  });

  it("says that a network is gone, and why a host does not answer", () => {
    expect(reportOf(cloud, seen([container("one", "p/s/shop-web-0")], [])).problems).toEqual([
      "host h1: network lan is gone: run `clocker refresh`, then `clocker up`",
    ]);
    const problem = new CloudError("unreachable", "cannot be reached", { host: "h2" });
    expect(reportOf(cloud, { name: "h2", reachable: false, problem })).toEqual({
      host: "h2",
      problems: ["host h2: cannot be reached"],
      hints: [],
      objects: [],
    });
  });
});

describe("naming a container", () => {
  it("takes the end of a name when only one ends so", () => {
    expect(findContainer(cloud, "web-1").name).toBe("shop-web-1");
    expect(findContainer(cloud, "shop-web-0").id).toBe("one");
    expect(() => findContainer(cloud, "eb-0")).toThrow(
      "stack s has no container eb-0\nName one of: shop-web-0, shop-web-1",
    );
  });
});

describe("clocker net", () => {
  const member = (name: string, application: string, host: string, address: string) => ({
    ...{ name, application, service: name, host, address },
  });
  const netCloud = (policies: object[], network: object = {}) =>
    ({
      ...cloud,
      networks: [
        {
          meta: { name: "lan" },
          ...{ networkId: "lan", driver: "vxlan", cidr: "10.128.0.0/16", vni: 7, outbound: true },
          ...network,
          hosts: [{ name: "h1", block: "10.128.0.0/24", underlay: "192.0.2.1" }],
        },
      ],
      policies,
    }) as unknown as CloudState;
  const segments = {
    name: "segments",
    state: {
      network: "lan",
      ...{ isolate: "applications", outside: "open" },
      rules: [{ from: { application: "shop" }, to: { application: "data" }, ports: ["6379"] }],
      members: [
        member("shop-web-0", "shop", "h1", "10.128.0.2"),
        member("shop-web-1", "data", "h2", "10.128.0.3"),
      ],
    },
  };

  const wordsOf = (...args: Parameters<typeof netCloud>) =>
    matrixText(networkViews(netCloud(...args)).map(matrixOf));

  it("without a policy containers reach each other and the outside, which reaches published ports", () => {
    expect(wordsOf([])).toBe(
      [
        "NETWORK  FROM        TO          MAY REACH",
        "lan      shop-web-0  shop-web-1  everything",
        "lan      shop-web-0  outside     everything",
        "lan      shop-web-1  shop-web-0  everything",
        "lan      shop-web-1  outside     everything",
        "lan      outside     shop-web-0  80/tcp at h1:8080",
        "lan      outside     shop-web-1  80/tcp at h2:8080",
      ].join("\n"),
    );
    expect(matrixOf(networkViews(netCloud([]))[0]!)).not.toHaveProperty("policy");
  });

  const across = (text: string) =>
    text
      .split("\n")
      .filter((line) => line.includes("outside"))
      .map((line) => line.split(/ {2,}/).slice(1).join(" | "));

  it.each([
    [
      "a network without a way out",
      { outbound: false },
      ["shop-web-0 | outside | -", "outside | shop-web-0 | 80/tcp at h1:8080"],
    ],
    [
      "an overlay of Docker's without a way out",
      { driver: "swarm", outbound: false },
      ["shop-web-0 | outside | -", "outside | shop-web-0 | -"],
    ],
    [
      "the hosts' own LAN",
      { driver: "macvlan" },
      ["shop-web-0 | outside | everything", "outside | shop-web-0 | everything"],
    ],
    [
      "a plugin's network",
      { driver: "plugin" },
      [
        "shop-web-0 | outside | what its driver lets through",
        "outside | shop-web-0 | what its driver lets through",
      ],
    ],
  ])("says what really gets through at the edge of %s", (_what, network, lines) => {
    expect(across(wordsOf([], network)).filter((line) => line.includes("shop-web-0"))).toEqual(
      lines,
    );
  });

  it("of published ports names ranges, addresses and the only askers, and none that nobody outside reaches", () => {
    const port = (containerPort: number, hostPort: number, hostAddress = "") => ({
      ...{ containerPort, hostPort, hostAddress, protocol: "tcp" },
    });
    const ports = [
      ...[port(8000, 9000), port(8001, 9001), port(8002, 9002), port(80, 80, "192.0.2.7")],
      ...[port(81, 81, "127.0.0.1"), port(82, 0)],
    ];
    const closed = {
      name: "closed",
      state: {
        ...segments.state,
        outside: "closed",
        rules: [
          { from: { cidr: "198.51.100.0/24" }, to: "all", ports: ["80", "8002"] },
          { from: "outside", to: { container: "shop-web-0" }, ports: ["8000-8001", "82"] },
        ],
      },
    };
    const with1 = netCloud([]);
    const published = (policies: object[]) => {
      const [first, ...others] = with1.containers;
      const more = { ...first!, state: { ...first!.state, spec: { ...first!.state.spec, ports } } };
      const given = { ...netCloud(policies), containers: [more, ...others] } as CloudState;
      const { rows } = matrixOf(networkViews(given)[0]!);
      return rows.filter(({ from }) => from === "outside").map(({ reach }) => reach);
    };
    expect(published([])).toEqual([
      ["80/tcp at 192.0.2.7:80", "8000-8002/tcp at h1:9000-9002"],
      ["80/tcp at h2:8080"],
    ]);
    expect(published([closed])).toEqual([
      [
        "80/tcp at 192.0.2.7:80 (198.51.100.0/24)",
        "8000-8001/tcp at h1:9000-9001",
        "8002/tcp at h1:9002 (198.51.100.0/24)",
      ],
      ["80/tcp at h2:8080 (198.51.100.0/24)"],
    ]);
  });

  it("a port that is open on every host leads to all who answer there, on every surface", () => {
    const targets = [
      { container: "shop-web-1", host: "h2", address: "10.128.0.3", port: 81 },
      { container: "shop-web-0", host: "h1", address: "10.128.0.2", port: 81 },
    ];
    const ports = [{ hostPort: 90, protocol: "tcp", targets }];
    const given = {
      ...netCloud([]),
      ingress: [{ network: "lan", ports }],
    } as unknown as CloudState;
    const { rows } = matrixOf(networkViews(given)[0]!);
    expect(rows.filter(({ from }) => from === "outside").map(({ reach }) => reach)).toEqual([
      ["81/tcp at every host:90", "80/tcp at h1:8080"],
      ["81/tcp at every host:90", "80/tcp at h2:8080"],
    ]);
    expect(portTexts(given, given.containers[0]!)).toEqual(["8080->80/tcp", "*:90->81/tcp"]);
  });

  it("takes the network over which Docker publishes: the first attached, or before Docker 28 the first by name", () => {
    const both = (engineVersion: string) => {
      const given = netCloud([]);
      const [first] = given.containers;
      const networks = [
        { network: "lan", address: "10.128.0.2", dockerName: "lan-7" },
        { network: "db", address: "10.129.0.2", dockerName: "db-8" },
      ];
      const place = { ...first!.state.place, networks };
      const views = networkViews({
        ...given,
        hosts: [{ name: "h1", state: { facts: { engineVersion } } }],
        networks: [...given.networks, { ...given.networks[0]!, meta: { name: "db" } }],
        containers: [{ ...first!, state: { ...first!.state, place } }],
      } as unknown as CloudState);
      return views.map((view) => matrixOf(view).rows.at(-1)!.reach);
    };
    expect(both("28.2.2")).toEqual([["80/tcp at h1:8080"], []]);
    expect(both("20.10.24+dfsg1")).toEqual([[], ["80/tcp at h1:8080"]]);
  });

  it("the matrix follows the policy, and what is measured follows the matrix", () => {
    const with1 = netCloud([segments]);
    expect(matrixOf(networkViews(with1)[0]!)).toMatchObject({ network: "lan", policy: "segments" });
    expect(
      attempts(with1, "lan").map(({ from, to, port, expected }) => [from, to, port, expected]),
    ).toEqual([
      ["shop-web-0", "shop-web-1", 6379, "open"],
      ["shop-web-0", "shop-web-1", 9, "blocked"],
      ["shop-web-1", "shop-web-0", 9, "blocked"],
    ]);
    expect(() => attempts(with1, "wan")).toThrow("the stack has no network wan");
  });
});
