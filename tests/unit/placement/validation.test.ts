import { describe, expect, it } from "vitest";
import type { ConstraintSpec, StrategySpec } from "../../../provider/placement/model.js";
import { validateInputs } from "../../../provider/resources/placement/validate.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import { ask, network, on } from "./make.js";
import { inputs, planHost } from "./plan-world.js";

/** What is wrong with a plan's inputs, in the words that users read. */
const said = (over: object): string[] =>
  validateInputs({ ...inputs(), ...over }).map(({ reason }) => reason);

const host = (over: object) => ({ hosts: [{ ...planHost("h1"), ...over }] });
const machine = (over: object) => ({
  networks: [
    {
      ...network("app"),
      machines: [{ name: "db", aliases: [], connection: planHost("m1").connection, ...over }],
    },
  ],
});
const request = (over: object) => ({ requests: [{ ...ask("web"), ...over }], networks: [] });
const ruled = (...constraints: object[]) => ({ constraints });
const ordered = (...strategies: object[]) => ({ strategies });

const good: [string, object][] = [
  ["nothing but what is needed", {}],
  ["a network as large as the pool", { pool: { cidr: "10.0.0.0/8", networkPrefix: 8 } }],
  ["values that are not known yet", { constraints: UNKNOWN, observeTimeout: UNKNOWN }],
  [
    "every kind of constraint at its edges",
    ruled(
      ...([
        { kind: "label", expression: "zone=eu" },
        { kind: "hostname", pattern: "w".repeat(200) },
        { kind: "hostname", pattern: "^h[12]$", syntax: "regexp" },
        { kind: "host", host: "h1" },
        { kind: "maxContainers", max: 0 },
        { kind: "maxCpuUsage", max: 1, maxAgeSeconds: 0 },
        { kind: "maxMemoryUsage" },
        { kind: "hostGroup", groups: ["front"] },
        { kind: "group", exclusive: true },
        { kind: "region", in: ["eu"] },
        { kind: "zone", in: ["eu-1"] },
        { kind: "distance", from: { latitude: -90, longitude: 180 }, withinKm: 20_038 },
        { kind: "jurisdiction", deny: ["US"] },
        { kind: "affinity", rules: ["NOT TYPE db", "SOME NAME cache"] },
        { kind: "maxPerHost", max: 1, of: "application" },
        { kind: "distinct", label: "rack", max: 1 },
        { kind: "predicate", name: "fast", args: { any: 1 } },
      ] satisfies ConstraintSpec[]),
    ),
  ],
  [
    "every strategy",
    ordered(
      ...([
        { kind: "random", seed: "a" },
        { kind: "depthFirst" },
        { kind: "breadthFirst" },
        { kind: "leastContainers" },
        { kind: "lowestCpuUsage", maxAgeSeconds: 86_400 },
        { kind: "lowestMemoryUsage" },
        { kind: "binpack", scoring: "linear", weights: { cpu: 0, memory: 1000 } },
        { kind: "spread", scoring: "exponential" },
        { kind: "spreadOver", over: [{ label: "zone", targets: { a: 60, b: 40 } }] },
        { kind: "comparator", name: "bySize" },
        { kind: "score", name: "free" },
      ] satisfies StrategySpec[]),
    ),
  ],
  [
    "all that a host may say",
    host({
      capacity: { cpus: 0.01, memoryBytes: 1 },
      headroom: { cpus: 0, memoryBytes: 0, diskBytes: 0 },
      maxContainers: 0,
      underlay: "10.0.0.1",
      drain: false,
      groups: ["front"],
      affinity: ["NOT TYPE batch"],
      platform: { os: "linux", arch: "arm64", variant: "v8" },
      location: {
        region: "eu",
        zone: "eu-1",
        country: "DE",
        jurisdictions: ["EU"],
        coordinates: { latitude: 90, longitude: -180 },
      },
      devices: [{ kind: "nvidia/gpu", attributes: { model: "T4" }, ids: ["nvidia:0"] }],
    }),
  ],
  [
    "all that a network may ask for",
    {
      networks: [
        {
          ...network("app"),
          ...{ cidr: "10.1.0.0/16", cidr6: "fd00::/64", ipv6: true, range: "10.1.4.0/22" },
          ...{ gateway: "10.1.0.9", blockPrefix: 16, reserved: ["10.1.0.3"], mtu: 576 },
          ...{ driver: "auto", encryption: false, sameLink: true },
          zone: { hosts: ["h1"], port: 65_535 },
        },
      ],
    },
  ],
  [
    "all that a machine may say",
    machine({ ...{ address: "fd00::9", privateAddress: "10.0.0.9" }, aliases: ["sql"] }),
  ],
  [
    "all that a container may ask for",
    request({
      ports: [{ hostPort: 65_535, protocol: "udp", hostAddress: "10.0.0.1" }],
      ingress: [{ hostPort: 1, protocol: "tcp" }],
      volumes: ["data"],
      folders: ["/srv"],
      preferences: [-100, 100].map((weight) => ({
        weight,
        prefer: { kind: "label", expression: "ssd exists" },
      })),
      group: "front",
      image: "redis",
      diskBytes: 0,
      devices: [{ kind: "gpu", count: 1000, where: ["model=T4"] }],
      platforms: [{ os: "linux", arch: "amd64" }],
      dependsOn: ["db"],
    }),
  ],
  [
    "all that a cloud may ask for",
    {
      functions: Object.fromEntries(
        ["predicates", "comparators", "scores", "containers"].map((kind) => [
          kind,
          { f: "module" },
        ]),
      ),
      rebalance: { maxMoves: 0, limits: { shop: 3 }, applications: ["shop"] },
      replaceLost: true,
      supply: {
        headroom: { count: 0, percent: 0.99, cpus: 0, memoryBytes: 0 },
        minHosts: 2,
        maxHosts: 2,
        maxContainers: 1,
        hostShape: { cpus: 0.01, memoryBytes: 1 },
      },
    },
  ],
];

const EXPRESSION = 'label expression "zone % eu": unknown operator "%" at character 6';
const bad: [what: object, ...sentences: (string | RegExp)[]][] = [
  [ruled({ kind: "label", expression: 5 }), "expression must be text such as zone=eu"],
  [ruled({ kind: "label", expression: "zone % eu" }), `expression is wrong: ${EXPRESSION}`],
  [
    ruled({ kind: "hostname", pattern: "" }),
    "pattern must be a pattern of 1 to 200 characters, such as web-*",
  ],
  [
    ruled({ kind: "hostname", pattern: "w".repeat(201) }),
    "pattern must be a pattern of 1 to 200 characters, such as web-*",
  ],
  [
    ruled({ kind: "hostname", pattern: "(", syntax: "regexp" }),
    "pattern must be a regular expression",
  ],
  [
    ruled({ kind: "hostname", pattern: "a", syntax: "sql" }),
    'syntax must be one of "glob", "regexp"',
  ],
  [ruled({ kind: "host", host: "h 1" }), "host must be a name: "],
  [ruled({ kind: "maxContainers", max: -1 }), "max must be a whole number from 0 to 1000000"],
  [ruled({ kind: "maxCpuUsage", max: 1.1 }), "max must be a number from 0 to 1"],
  [
    ruled({ kind: "maxMemoryUsage", maxAgeSeconds: -1 }),
    "maxAgeSeconds must be a number from 0 to 86400",
  ],
  [ruled({ kind: "hostGroup", groups: [] }), "groups must name at least one"],
  [ruled({ kind: "region", in: [""] }), "in[0] must be text, not empty"],
  [ruled({ kind: "zone", in: [7] }), "in[0] must be text, not empty"],
  [ruled({ kind: "group", exclusive: "yes" }), "exclusive must be true or false"],
  [
    ruled({ kind: "distance", from: { latitude: 91, longitude: -181 }, withinKm: 20_039 }),
    "from.latitude must be a number from -90 to 90",
    "from.longitude must be a number from -180 to 180",
    "withinKm must be a number from 0 to 20038",
  ],
  [
    ruled({ kind: "jurisdiction" }),
    "constraints[0] needs allow or deny, a list of jurisdictions such as DE or EU",
  ],
  [ruled({ kind: "jurisdiction", allow: [] }), "allow must name at least one"],
  [
    ruled({ kind: "affinity", rules: 5 }),
    "rules must be a rule such as NOT TYPE web, or a list of them",
  ],
  [ruled({ kind: "affinity", rules: "LIKE web" }), "rules is wrong: "],
  [
    ruled({ kind: "maxPerHost", max: 0, of: "cloud" }),
    "max must be a whole number from 1 to 1000000",
    'of must be one of "type", "application"',
  ],
  [
    ruled({ kind: "distinct", label: "a b", max: 0, of: "cloud" }),
    "label is not a label's name",
    "max must be a whole number from 1 to 1000000",
    'of must be one of "type", "application"',
  ],
  [ruled({ kind: "predicate" }), "name "],
  [ruled({ kind: "host", host: "h1", hosts: [] }), "hosts is unknown; the properties here are "],
  [ordered({ kind: "random", seed: 5 }), "seed must be text"],
  [
    ordered({ kind: "lowestCpuUsage", maxAgeSeconds: 86_401 }),
    "maxAgeSeconds must be a number from 0 to 86400",
  ],
  [
    ordered({ kind: "binpack", scoring: "best", weights: { cpu: -1, memory: 1001 } }),
    'scoring must be one of "exponential", "linear"',
    "weights.cpu must be a number from 0 to 1000",
    "weights.memory must be a number from 0 to 1000",
  ],
  [ordered({ kind: "spreadOver", over: [] }), "over must name at least one label"],
  [
    ordered({ kind: "spreadOver", over: [{ label: "", targets: { a: 60, b: 41 } }] }),
    "over[0].label is not a label's name",
    "over[0].targets must be percentages of together at most 100",
  ],
  [
    ordered({ kind: "spreadOver", over: [{ label: "zone", targets: { a: 101 } }] }),
    /over\[0\]\.targets.* must be a number from 0 to 100$/,
  ],
  [
    { preferences: [{ weight: 0, prefer: { kind: "label", expression: "a exists" } }] },
    "weight must be a number from -100 to 100, not 0",
  ],
  [
    { preferences: [{ weight: -101, prefer: { kind: "label", expression: "a exists" } }] },
    "weight must be a number from -100 to 100, not 0",
  ],
  [
    { preferences: [{ weight: 101, prefer: { kind: "nothing" } }] },
    "weight must be a number from -100 to 100, not 0",
    "prefer.kind must be one of ",
  ],
  [
    host({ capacity: { cpus: 0, memoryBytes: 0 } }),
    /^host h1: .*cpus must be a number from 0.01 to 1000000$/,
    /^host h1: .*memory must be a whole number from 1 to /,
  ],
  [
    host({ headroom: { cpus: -1, memoryBytes: -1, diskBytes: -1 } }),
    /disk must be a whole number from 0 to /,
    /cpus must be a number from 0 to 1000000$/,
    /memory must be a whole number from 0 to /,
  ],
  [host({ name: "h 1" }), "name must be a name: "],
  [
    host({ location: { coordinates: { latitude: 91, longitude: 0 } } }),
    "host h1: location.latitude must be a number from -90 to 90",
  ],
  [host({ labels: { "a b": "x" } }), "is not a label's name"],
  [host({ labels: { a: 5 } }), "must be text"],
  [host({ maxContainers: -1 }), "maxContainers must be a whole number from 0 to 1000000"],
  [host({ drain: "yes" }), "host h1: drain must be true or false"],
  [host({ groups: ["a b"] }), "host h1: group must be a name: "],
  [host({ affinity: ["LIKE web"] }), "host h1: affinity is wrong: "],
  [
    host({ platform: { os: "", arch: "a b", variant: "" } }),
    "platform.os must be a name: ",
    "platform.arch must be a name: ",
    "platform.variant must be a name: ",
  ],
  [
    host({ location: { region: 1, zone: 2, country: "de", jurisdictions: ["a b"] } }),
    "location.region must be text",
    "location.zone must be text",
    "location.country must be a country's code of two capital letters (ISO 3166), such as DE",
    "location.jurisdiction[0] must be a name: ",
  ],
  [
    host({ devices: [{ kind: "", attributes: { "a b": 1 }, ids: [""] }] }),
    "kind must be a kind of device, such as gpu or nvidia/gpu",
    "is not a label's name",
    "must be text",
    "must be the id of a device, such as /dev/dri/renderD128, nvidia:0 or nvidia.com/gpu=0",
  ],
  [{ hosts: [planHost("h1"), planHost("h1")] }, "host h1: name h1 is used twice"],
  [
    { pool: { cidr: "10.0.0.0/8", networkPrefix: 7 } },
    "cloud cloud: networkPrefix must be at least the pool's own /8",
  ],
  [
    { pool: { cidr: "10.0.0.0/8", networkPrefix: 31 } },
    "networkPrefix must be a whole number from 1 to 30",
  ],
  [{ cloud: "c d" }, "cloud must be a name: "],
  [{ networks: [network("app"), network("app")] }, "network app: name app is used twice"],
  [
    { networks: [{ ...network("a b", { blockPrefix: 31 }), ipv6: 1 }] },
    "name must be a name: ",
    "ipv6 must be true or false",
    "blockPrefix must be a whole number from 1 to 30",
  ],
  [
    {
      networks: [
        { ...network("app"), machines: [0, 1].map(() => machine({}).networks[0]!.machines[0]) },
      ],
    },
    "NetworkMember db: name db is used twice",
  ],
  [
    { networks: [network("app", { cidr: "10.1.0.0/24", blockPrefix: 23 })] },
    "network app: blockPrefix must be at least the network's own /24",
  ],
  [
    { networks: [network("app", { mtu: 575, reserved: ["x"] })] },
    "network app: reserved[0] must be an IP address such as 10.20.0.5",
    "network app: mtu must be a whole number from 576 to 65535",
  ],
  [
    { networks: [{ ...network("app"), ipv6: false, cidr6: "fd00::/64", sameLink: 1, range: "x" }] },
    "network app: cidr6 is of no use where ipv6 is false",
    "network app: sameLink must be true or false",
    "network app: range must be a CIDR without host bits, such as 10.20.0.0/16",
  ],
  [
    { networks: [{ ...network("app"), cidr: "fd00::/64", cidr6: "10.0.0.0/8" }] },
    "network app: cidr must be IPv4: an IPv6 range goes beside it, in cidr6",
    "network app: cidr6 must be an IPv6 CIDR without host bits, such as fd12:3456:789a::/64",
  ],
  [
    { networks: [{ ...network("app"), zone: { hosts: ["h 1"], port: 0, ttl: 5 } }] },
    "network app: zone.ttl is unknown; the properties here are hosts, port",
    "network app: zone.hosts[0] must be a name: ",
    "network app: zone.port must be a whole number from 1 to 65535",
  ],
  [
    { networks: [{ ...network("app"), gateway: "first", encryption: 1, cidr6: 5 }] },
    "network app: cidr6 must be an IPv6 CIDR without host bits, such as fd12:3456:789a::/64",
    "network app: encryption must be true or false",
    "network app: gateway must be an IP address such as 10.20.0.5",
  ],
  [
    machine({ name: "d b", address: 5, privateAddress: "fd00::1", aliases: [5] }),
    "NetworkMember (a name with other characters): name must be a name: ",
    "address must be an IP address such as 10.20.0.5",
    "privateAddress must be an IPv4 address such as 10.20.0.5",
    "aliases[0] must be text",
  ],
  [machine({ privateAddress: 5 }), "privateAddress must be an IPv4 address such as 10.20.0.5"],
  [machine({ name: undefined }), "NetworkMember (without a name): name must be a name: "],
  [
    { networks: [{ ...network("app"), machines: [5, { name: "db" }] }] },
    "NetworkMember number 1 must be ",
    "NetworkMember db: host ",
    "NetworkMember db: aliases ",
  ],
  [
    { networks: [{ ...network("app"), driver: "token-ring" }] },
    /^network app: driver must be one of auto, .*, not "token-ring"$/,
  ],
  [
    request({ ports: [{ hostPort: 0, protocol: "sctp", hostAddress: "here" }] }),
    /hostPort|host must be a whole number from 1 to 65535/,
    /protocol must be one of "tcp", "udp"$/,
    /must be an IP address such as 10.20.0.5$/,
  ],
  [request({ ingress: [{ hostPort: 65_536, protocol: "tcp" }] }), / from 1 to 65535$/],
  [request({ volumes: [5], folders: [5] }), /volume must be text$/, /bind must be text$/],
  [request({ networks: [on("app"), on("app")] }), /^container web: networks\[1\].* is used twice$/],
  [
    request({ networks: [{ network: "a b", address: "x", aliases: [5], mac: "" }] }),
    "network must be a name: ",
    "address must be an IP address such as 10.20.0.5",
    "must be text",
    "mac is unknown; the properties here are network, address, aliases",
  ],
  [
    request({ type: 5, application: 5, constraints: [{ kind: "nothing" }], strategies: [5] }),
    "application must be text",
    "type must be text",
    "constraints[0].kind must be one of ",
    "strategies[0].kind must be one of ",
  ],
  [
    request({ devices: [{ kind: "", count: 1 }], platforms: [{ os: "", arch: "amd64" }] }),
    "must be a kind of device, such as gpu or nvidia/gpu",
    "platform must be a name: ",
  ],
  [
    request({ devices: [{ kind: "gpu", count: 0, where: ["model % T4"] }] }),
    /count must be a whole number from 1 to 1000$/,
    /is wrong: label expression "model % T4": unknown operator/,
  ],
  [
    request({ dependsOn: [5], group: 5, image: 5 }),
    "group must be text",
    "must be text",
    "must be text",
  ],
  [
    request({ stopFirst: "no", diskBytes: -1 }),
    /must be true or false$/,
    /disk must be a whole number from 0/,
  ],
  [
    { functions: { predicates: { fast: 5 } } },
    "cloud cloud: functions.predicates.fast must be text",
  ],
  [
    { functions: { scores: { "a\nb": "module" } } },
    "must be a name of 1 to 100 characters on one line",
  ],
  [{ replaceLost: "yes" }, "cloud cloud: replaceLost must be true or false"],
  [
    { rebalance: { maxMoves: -1, limits: { shop: 0.5 }, applications: [5] } },
    "cloud cloud: rebalance.maxMoves must be a whole number from 0 to 1000000",
    "must be a whole number from 0 to 1000000",
    "must be text",
  ],
  [
    { supply: { headroom: { count: -1, percent: 1, cpus: -1, memoryBytes: -1 } } },
    "count must be a whole number from 0 to 1000000",
    "must be a number from 0 to 0.99",
    "cpus must be a number from 0 to 1000000",
    "memory must be a whole number from 0 to ",
  ],
  [
    { supply: { headroom: {}, minHosts: 3, maxHosts: 2, maxContainers: 0 } },
    "maxContainers must be a whole number from 1 to 1000000",
    "cloud cloud: supply.minHosts must not be above maxHosts",
  ],
  [
    {
      supply: { headroom: {}, minHosts: -1, maxHosts: -1, hostShape: { cpus: 0, memoryBytes: 0 } },
    },
    "minHosts must be a whole number from 0 to 1000000",
    "maxHosts must be a whole number from 0 to 1000000",
    "cpus must be a number from 0.01 to 1000000",
    "memory must be a whole number from 1 to ",
  ],
  [{ observeTimeout: 0 }, "observeTimeout must be a number from 0.1 to 600"],
];

describe("the inputs of a plan", () => {
  it.each(good)("are taken: %s", (_, over) => {
    expect(said(over)).toEqual([]);
  });

  it.each(bad)("are refused: %j", (over, ...sentences) => {
    const reasons = said(over);
    expect(reasons, reasons.join("\n")).toHaveLength(sentences.length);
    for (const sentence of sentences) {
      const found = reasons.some((reason) =>
        typeof sentence === "string" ? reason.includes(sentence) : sentence.test(reason),
      );
      expect(found, `${String(sentence)} in\n${reasons.join("\n")}`).toBe(true);
    }
  });
});
