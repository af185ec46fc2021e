import { describe, expect, it } from "vitest";
import { DRIVERS } from "../../../provider/network/drivers.js";
import { useSink } from "../../../provider/progress.js";
import { restoreRow } from "../../../provider/resources/restore-row.js";
import type { VirtualNetworkInputs } from "../../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import { stateOf } from "../../../provider/resources/virtual-network/state.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import { FakeHosts } from "../../support/fake-transport.js";
import { inputsOn } from "./fake-network.js";

const base = inputsOn(new FakeHosts(), "h1", "h2");
const [h1, h2] = base.hosts as [VirtualNetworkInputs["hosts"][0], VirtualNetworkInputs["hosts"][0]];

const CONFLIST = JSON.stringify({
  cniVersion: "1.0.0",
  name: "lan",
  plugins: [{ type: "bridge", bridge: "cni0" }],
});

const check = async (change: Record<string, unknown>) =>
  (await lifecycle.check({}, { ...base, ...change })).failures;

describe("check", () => {
  it.each([
    [1, 2, []],
    [2, 1, []],
    [3, 3, []],
    [undefined, 2, []],
    [1, 3, [1, 2]],
    [undefined, 5, [1, 2]],
    [4, 2, [4, 5]],
  ])(
    "takes a keyVersion of %s for one of %s, or says why not",
    async (before, after, [from, to]: number[]) => {
      const wireguard = { ...base, driver: "wireguard", encryption: true } as VirtualNetworkInputs;
      const { failures } = await lifecycle.check(
        { ...wireguard, driverOptions: { keyVersion: before } },
        { ...wireguard, driverOptions: { keyVersion: after } },
      );
      expect(failures).toEqual(
        from === undefined
          ? []
          : [
              {
                property: "driverOptions.keyVersion",
                reason: `must be raised by one, from ${from} to ${to}: new keys are made beside the old ones, and this would change those in use`,
              },
            ],
      );
    },
  );

  const options = async (driver: string, driverOptions: unknown) =>
    ((await check({ driver, driverOptions })) ?? []).map(
      ({ property, reason }) => `${property} ${reason}`,
    );

  it.each([
    ["swarm", {}, []],
    [
      "swarm",
      { managers: 5 },
      ["driverOptions.managers is no option of driver swarm, which has none"],
    ],
    ["ovs", { datapath: "userspace" }, []],
    ["ovs", { datapath: "fast" }, ["driverOptions.datapath must be one of kernel, userspace"]],
    ["plugin", { driver: "weavemesh", hostLink: "weave", options: { a: "b" } }, []],
    [
      "plugin",
      { options: { a: 1 } },
      [
        "driverOptions.driver must be a network plugin's name as Docker knows it",
        "driverOptions.hostLink must be the link on which the host is in the network",
        "driverOptions.options must be an object of texts",
      ],
    ],
    ["weave", { password: "correct horse", fastDatapath: false, multicast: true }, []],
    [
      "weave",
      { password: "short", ipallocRange: "10.32.0.0/12", ipallocDefaultSubnet: "10.48.0.0/16" },
      [
        "driverOptions.password must be a text of 8 to 255 printable ASCII characters",
        "driverOptions.ipallocDefaultSubnet must be a part of ipallocRange, which is 10.32.0.0/12",
      ],
    ],
    ["cni", { hostLink: "cni0", conflist: CONFLIST }, []],
    [
      "cni",
      { hostLink: "cni0", conflist: "{}" },
      [
        "driverOptions.conflist must be the text of a CNI network configuration list (.conflist), with at least one plugin",
      ],
    ],
    [
      "cni",
      { hostLink: "cni0", conflist: CONFLIST.replace("1.0.0", "0.3.1") },
      ["driverOptions.conflist must have a cniVersion of 0.4.0, 1.0.0, 1.1.0, not 0.3.1"],
    ],
  ])("options of driver %s: %j", async (driver, given, problems) => {
    expect(await options(driver, given)).toEqual(problems);
  });

  describe("a driver that encrypts if it has a password", () => {
    const sealed = { driverOptions: { password: "correct horse" } };
    const exposed = { hosts: [h1, { ...h2, underlay: "8.8.8.8" }] };
    const asked = async (change: Record<string, unknown>) =>
      ((await check({ driver: "weave", ...change })) ?? []).map(
        ({ property, reason }) => `${property} ${reason}`,
      );

    it.each([
      [{}, []],
      [sealed, []],
      [{ encryption: true, ...sealed }, []],
      [{ ...exposed, ...sealed }, []],
      [{ ...exposed, encryption: false }, []],
      [{ ...exposed, driverOptions: { password: UNKNOWN } }, []],
      [
        { encryption: true },
        ["driverOptions.password must be given: driver weave encrypts with a password"],
      ],
      [
        { encryption: false, ...sealed },
        ["encryption must be left out: with a password driver weave encrypts"],
      ],
      [
        exposed,
        [
          "driverOptions.password must be given, as not all hosts are on a private network: h2 (8.8.8.8); or set encryption to false",
        ],
      ],
    ])("case %#", async (change, problems) => {
      expect(await asked(change)).toEqual(problems);
    });
  });

  it("takes good inputs as they are", async () => {
    expect(await lifecycle.check({}, base)).toEqual({ inputs: base, failures: [] });
  });

  it("leaves out a host that the plan gave no block, and keeps one whose block is not known yet", async () => {
    const { name, connection } = h2;
    const later = { name, connection } as typeof h2;
    expect(await lifecycle.check({}, { ...base, hosts: [h1, later] })).toEqual({
      inputs: { ...base, hosts: [h1] },
      failures: [],
    });
    const pending = { ...h2, block: UNKNOWN, gateway: UNKNOWN, underlay: UNKNOWN };
    expect((await lifecycle.check({}, { ...base, hosts: [h1, pending] })).inputs?.hosts).toEqual([
      h1,
      pending,
    ]);
  });

  it("names the host whose part is no text", async () => {
    const part = { block: 7, gateway: null, underlay: undefined } as unknown as typeof h2;
    expect(await check({ hosts: [{ ...h2, ...part }] })).toEqual([
      { property: "hosts", reason: "gives host h2 the block 7, which is no network" },
    ]);
  });

  it.each([
    [
      "cidr",
      "10.42.0.1/16",
      'must be a network such as 10.42.0.0/16, without host bits, not "10.42.0.1/16"',
    ],
    [
      "cidr",
      "fd00::/64",
      'must be an IPv4 network, and "fd00::/64" is IPv6: give it as cidr6, beside IPv4',
    ],
    [
      "cidr6",
      "fd00::1/64",
      'must be an IPv6 network such as fd12:3456:789a::/64, without host bits, not "fd00::1/64"',
    ],
    [
      "cidr6",
      "fd00::/113",
      "must have an address for each of 10.42.0.0/16, and fd00::/113 has fewer",
    ],
    ["cidr", "10.42.0.0/31", "must have room for hosts and containers, and /31 has none"],
    ["vni", 0, "must be a whole number from 1 to 16777215"],
    ["vni", 16_777_216, "must be a whole number from 1 to 16777215"],
    ["mtu", 100, "must be a whole number from 576 to 65535"],
    ["mtu", 1450.5, "must be a whole number from 576 to 65535"],
    ["domain", "app clocker", 'must be a domain name such as app.clocker, not "app clocker"'],
    ["domain", "app.$(reboot)", 'must be a domain name such as app.clocker, not "app.$(reboot)"'],
    [
      "driver",
      "carrier-pigeon",
      `must be one of ${Object.keys(DRIVERS).join(", ")}, not "carrier-pigeon"`,
    ],
    ["outbound", "yes", "must be true or false"],
    ["dnsServers", ["9.9.9.9", "dns.example"], 'must hold IP addresses, and "dns.example" is none'],
    ["records", { "a b": [] }, 'has the name "a b", which is no host name'],
    ["records", { web: ["10.42.1"] }, 'maps web to "10.42.1", which is no IP address'],
    [
      "networkId",
      "app;reboot",
      "must begin with a letter or digit and have at most 63 letters, digits, '_', '.' or '-'",
    ],
    [
      "hosts",
      [{ ...h1, block: "10.43.1.0/24" }],
      "gives host h1 the block 10.43.1.0/24, which is not in 10.42.0.0/16",
    ],
    [
      "hosts",
      [{ ...h1, gateway: "10.42.2.1" }],
      'gives host h1 the gateway "10.42.2.1", which is not in 10.42.1.0/24',
    ],
    ["hosts", [h1, { ...h1, name: "h9" }], "gives hosts h1 and h9 overlapping blocks"],
    [
      "hosts",
      [h1, { ...h2, underlay: h1.underlay }],
      "gives hosts h1 and h2 the same underlay address 192.0.2.1",
    ],
    [
      "hosts",
      [{ ...h1, underlay: "h1.example" }],
      'gives host h1 the underlay address "h1.example", which is no IPv4 address, and by that hosts reach each other; give the host one as privateAddress',
    ],
    [
      "hosts",
      [h1, { ...h2, machine: "yes" }],
      "must say with true or false whether h2 is a machine without Docker",
    ],
    [
      "hosts",
      [h1, { ...h2, machine: true }],
      'gives machine h2 the block "10.42.2.0/24", which is not its address 10.42.2.1 alone',
    ],
  ])("refuses %s, case %#", async (property, value, reason) => {
    expect(await check({ [property]: value })).toEqual([{ property, reason }]);
  });

  it("lets unknown values through at any depth", async () => {
    const unknowns = {
      cidr: UNKNOWN,
      vni: UNKNOWN,
      mtu: UNKNOWN,
      records: { web: [UNKNOWN] },
      hosts: [h1, { ...h2, underlay: UNKNOWN }],
      dnsServers: [UNKNOWN],
    };
    expect(await check(unknowns)).toEqual([]);
    expect(
      await check({ hosts: UNKNOWN, records: UNKNOWN, networkId: UNKNOWN, domain: UNKNOWN }),
    ).toEqual([]);
  });
});

describe("diff", () => {
  const state = stateOf(base, { h1: "1", h2: "2" }, {});
  const diff = (news: Partial<VirtualNetworkInputs>, olds = state) =>
    lifecycle.diff("app-42", olds, { ...base, ...news });

  it("sees nothing where nothing changed, whatever the URN and timeouts are", async () => {
    expect(await diff({})).toEqual({ changes: false, replaces: [] });
    const meta = { ...base.meta, urn: "urn:2", timeouts: { create: 5 } };
    expect(await diff({ meta })).toEqual({ changes: false, replaces: [] });
  });

  it.each([
    ["records", { web: ["10.42.1.11"] }],
    ["mtu", 1400],
    ["outbound", false],
    ["dnsServers", ["9.9.9.9"]],
    ["hosts", [h1]],
    ["domain", "other.clocker"],
  ])("updates for %s", async (key, value) => {
    expect(await diff({ [key]: value })).toEqual({ changes: true, replaces: [] });
  });

  it("replaces beside the old one when both CIDR and VNI are new", async () => {
    expect(await diff({ cidr: "10.43.0.0/16", vni: 43 })).toEqual({
      changes: true,
      replaces: ["cidr", "vni"],
      deleteBeforeReplace: false,
    });
  });

  it("deletes first where old and new would have the same names or addresses", async () => {
    expect(await diff({ cidr: "10.43.0.0/16" })).toMatchObject({ deleteBeforeReplace: true });
    expect(await diff({ vni: 43 })).toMatchObject({ replaces: ["vni"], deleteBeforeReplace: true });
    expect(await diff({ networkId: "web" })).toMatchObject({
      replaces: ["networkId"],
      deleteBeforeReplace: true,
    });
  });

  it("replaces for another owner, and not for an unknown CIDR", async () => {
    expect(await diff({ meta: { ...base.meta, name: "other" } })).toMatchObject({
      replaces: ["meta"],
    });
    expect(await diff({ cidr: UNKNOWN })).toEqual({ changes: true, replaces: [] });
  });

  it("is a change while a host has a problem", async () => {
    const broken = stateOf(base, {}, { h2: ["the bridge cnb42 is missing"] });
    expect(await diff({}, broken)).toEqual({ changes: true, replaces: [] });
  });

  it("says in its row what is wrong on which host, if it does not replace the network", async () => {
    const rows: string[] = [];
    useSink((_urn, message) => rows.push(message));
    try {
      const missing = ["the bridge cnb42 is missing", "the name server is not running"];
      const broken = stateOf(base, {}, { h1: missing, h2: ["host h2: cannot be reached"] });
      await diff({}, broken);
      await diff({ vni: 43 }, broken);
      await diff({});
      expect(rows).toEqual([
        "restore: h1: the bridge cnb42 is missing, the name server is not running; h2: cannot be reached",
      ]);
    } finally {
      useSink();
    }
  });

  it("says in its row which host it leaves only with the next up, and who is there until then", async () => {
    const rows: string[] = [];
    useSink((_urn, message) => rows.push(message));
    try {
      const records = {
        "web-0": ["10.42.1.10"],
        "web-1": ["10.42.2.11"],
        web: ["10.42.1.10", "10.42.2.11"],
      };
      const there = stateOf({ ...base, records }, {}, {});
      await diff({ hosts: [h1], records }, there);
      expect(rows).toEqual(["h2 leaves with the next up (web-1 there until then)"]);
      await diff(
        { hosts: [h1] },
        stateOf({ ...base, records: { "web-0": ["10.42.1.10"] } }, {}, {}),
      );
      await diff({ hosts: UNKNOWN as never }, there);
      await diff({ records }, there);
      expect(rows).toHaveLength(1);
      const left = stateOf(
        { ...base, records },
        {},
        { h2: ["leaves once its containers are gone"] },
      );
      await diff({ hosts: [h1] }, left);
      expect(rows.slice(1)).toEqual(["restore: h2: leaves once its containers are gone"]);
    } finally {
      useSink();
    }
  });

  it("names a few of many broken hosts", () => {
    const broken = Object.fromEntries(["h1", "h2", "h3", "h4", "h5"].map((name) => [name, ["x"]]));
    expect(restoreRow(broken)).toBe("restore: h1: x; h2: x; h3: x; 2 more hosts");
    const { h5: _h5, ...four } = broken;
    expect(restoreRow(four)).toBe("restore: h1: x; h2: x; h3: x; 1 more host");
    expect(restoreRow()).toBeUndefined();
  });
});

describe("a swarm network", () => {
  const swarm = { ...base, driver: "swarm" as const };
  const state = stateOf(swarm, {}, {});

  it.each([
    ["mtu", { mtu: 1300 }],
    ["outbound", { outbound: false }],
  ])("is replaced for another %s, which Docker cannot change", async (key, change) => {
    expect((await lifecycle.diff("app", state, { ...swarm, ...change })).replaces).toEqual([key]);
    expect(
      (await lifecycle.diff("app", stateOf(base, {}, {}), { ...base, ...change })).replaces,
    ).toEqual([]);
  });
});

describe("a change that needs another network in the place of this one", () => {
  const SIX = { cidr6: "fd00:1::/64" };
  const used = {
    ...base,
    records: { "web-0": ["10.1.0.2"], "web-1": ["10.1.0.3"], web: ["10.1.0.2", "10.1.0.3"] },
  };
  const changed = async (olds: VirtualNetworkInputs, change: Record<string, unknown>) =>
    ((await lifecycle.check(olds, { ...olds, ...change })).failures ?? []).map(
      ({ property, reason }) => `${property} ${reason}`,
    );

  it("is refused while containers are on it, with their names", async () => {
    const reason =
      "cannot be changed while containers are on the network (web-0, web-1): make another network, move them there in one up, and remove this one in the next";
    expect(await changed(used, { driver: "routed" })).toEqual([`driver ${reason}`]);
    expect(await changed({ ...used, driver: "swarm" }, { outbound: false })).toEqual([
      `outbound ${reason}`,
    ]);
  });

  it("names the containers, not their aliases, where they have IPv6 as well", async () => {
    const records = {
      web: ["10.1.0.2", "fd00:1::2", "10.1.0.3", "fd00:1::3"],
      "web-0": ["10.1.0.2", "fd00:1::2"],
      "web-1": ["10.1.0.3", "fd00:1::3"],
    };
    expect((await changed({ ...base, ...SIX, records }, { driver: "routed" }))[0]).toContain(
      "while containers are on the network (web-0, web-1):",
    );
  });

  it.each<[string, VirtualNetworkInputs, Record<string, unknown>]>([
    ["nobody is on it", { ...base, records: {} }, { driver: "routed" }],
    ["only a machine is on it", withMachine(), { driver: "routed" }],
    ["only a machine with IPv6 is on it", withMachine(SIX, "fd00:1::201"), { driver: "routed" }],
    ["it fits beside the old one", used, { cidr: "10.77.0.0/16", vni: base.vni + 1, hosts: [] }],
    ["the new driver is not known yet", used, { driver: UNKNOWN }],
    ["nothing of it needs another one", used, { outbound: false, dnsServers: ["192.0.2.1"] }],
  ])("is taken where %s", async (_what, olds, change) => {
    expect(
      (await changed(olds, change)).filter((text) => text.includes("containers are on")),
    ).toEqual([]);
  });

  function withMachine(six = {}, ...twin: string[]): VirtualNetworkInputs {
    const machine = { ...h2, block: `${h2.gateway}/32`, machine: true as const };
    return { ...base, ...six, hosts: [h1, machine], records: { db: [h2.gateway, ...twin] } };
  }
});
