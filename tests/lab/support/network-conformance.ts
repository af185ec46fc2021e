import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerNetworkName } from "../../../provider/network/names.js";
import type {
  VirtualNetworkInputs,
  VirtualNetworkState,
} from "../../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import { announce } from "../../../provider/network/announce.js";
import { factsOf } from "../../../provider/ipam/driver-facts.js";
import { withIPv6 } from "../../../provider/ipam/ipv6-ranges.js";
import { Twins } from "../../../provider/ipam/twins.js";
import type { TestLab } from "../../support/lab.js";
import {
  AT_ONCE_MS,
  bothOf,
  closeTransports,
  get,
  inContainer,
  networkInputs,
  pingable,
  runContainer,
  traces,
  transportFor,
  webServer,
} from "./network-world.js";

type Driver = VirtualNetworkInputs["driver"];

/** CLOCKER_NETWORK_DRIVERS=swarm,ovs: these drivers only. */
const only = process.env["CLOCKER_NETWORK_DRIVERS"]?.split(",");

/** The tests of one driver, skipped where others were asked for. */
export function driver(name: Driver, body: () => void): void {
  if (only === undefined || only.includes(name)) describe(name, body);
  else describe.skip(`${name} (not in CLOCKER_NETWORK_DRIVERS)`, body);
}

export interface ConformanceOptions {
  /** What a test of a driver cannot do here, and why, by the test's name. */
  skips?: Record<string, string>;
  /** What a reverse lookup of app-2's address says, where Docker answers it by a name of its own. */
  reverse?: string;
  /** Milliseconds that a container may need to be back after a boot. */
  bootMs?: number;
  /** What a container's links are called, where it is not eth. */
  links?: string;
  /** A container has another MAC each time, so that it has to be announced also where it was before. */
  ownMacs?: boolean;
  /** Settings of the two networks. */
  app?: Partial<VirtualNetworkInputs>;
  other?: Partial<VirtualNetworkInputs>;
}

/** What bears the number of the network app: its links, chains, folders and ranges. */
const OF_APP = /(cn[a-z]|[-/.])101\b|\b10\.101\.|fd00:101:/;

/** What a name costs whose server asks somebody who does not answer: a resolver's first wait, less a busy machine's own time. */
const RESOLVER_PATIENCE_MS = 4500;

/** MTU of the lab's links. */
const UNDERLAY_MTU = 1500;

/**
 * What every network driver has to do, on three real hosts. To be called inside a `describe`, with a lab of that
 * describe's. All drivers take the same names and addresses, so each must leave the hosts as it found them.
 */
export function networkConformance(
  lab: TestLab,
  name: Driver,
  {
    skips = {},
    reverse,
    bootMs = 15_000,
    links = "eth",
    ownMacs = false,
    ...settings
  }: ConformanceOptions = {},
): void {
  const mtu = settings.app?.mtu ?? UNDERLAY_MTU - factsOf(name).overhead;
  const test = (title: string, body: () => Promise<void>): void => {
    const reason = skips[title];
    if (reason === undefined) it(title, body);
    else it.skip(`${title} (${reason})`, body);
  };
  const { ipv6: dual, leadsOut } = factsOf(name);
  /** Of the network app hosts have the first address of their block, of the other one the last but one. */
  const gatewayOfOther = (host: number) => `10.102.${host}.254`;
  const hosts = ["h1", "h2", "h3"];
  let app: VirtualNetworkInputs;
  let other: VirtualNetworkInputs;
  const states: Record<string, VirtualNetworkState> = {};
  let before: string[] = [];

  const put = async (inputs: VirtualNetworkInputs): Promise<void> => {
    const olds = states[inputs.networkId];
    const id = dockerNetworkName(inputs.networkId, inputs.vni);
    states[inputs.networkId] = olds
      ? (await lifecycle.update(id, olds, inputs)).outs
      : (await lifecycle.create(inputs)).outs;
  };
  const stateOf = (inputs: VirtualNetworkInputs): VirtualNetworkState => {
    const state = states[inputs.networkId];
    if (!state) throw new Error(`no network ${inputs.networkId}`);
    return state;
  };
  /** As `pingable`, by every address that the network gives to whoever has this one. */
  const reach = (host: string, from: string, address: string, limitMs = AT_ONCE_MS) =>
    pingable(
      lab,
      host,
      from,
      bothOf(address.startsWith("10.101.") ? app : other, address),
      limitMs,
    );
  const idOf = (inputs: VirtualNetworkInputs) => dockerNetworkName(inputs.networkId, inputs.vni);
  const seen = async (inputs: VirtualNetworkInputs) =>
    (await lifecycle.read(idOf(inputs), stateOf(inputs))).props?.problems;

  /** What the provider does for a container whose address was elsewhere before. */
  const announceFrom = async (host: string, container: string, address: string): Promise<void> => {
    const pid = await lab.sh(host, "docker", "inspect", "-f", "{{.State.Pid}}", container);
    const transport = transportFor(lab.connection(host));
    await announce(transport, { pid: Number(pid), address, network: "app" });
  };

  beforeAll(async () => {
    before = await Promise.all(hosts.map((host) => traces(lab, host)));
    const inFamilies = (inputs: VirtualNetworkInputs): VirtualNetworkInputs => ({
      ...inputs,
      records: withIPv6(inputs.records, Twins.of(inputs)),
    });
    app = inFamilies(
      networkInputs(lab, "app", {
        driver: name,
        mtu,
        vni: 101,
        net: "10.101",
        ...(dual ? { cidr6: "fd00:101::/64" } : {}),
        ...settings.app,
        records: {
          "app-1": ["10.101.1.10"],
          "app-2": ["10.101.2.10"],
          "app-3": ["10.101.3.10"],
          app: ["10.101.1.10", "10.101.2.10", "10.101.3.10"],
          former: ["10.101.3.10"],
          mover: ["10.101.1.30"],
          both: ["10.101.1.20"],
        },
      }),
    );
    other = inFamilies(
      networkInputs(lab, "other", {
        driver: name,
        mtu,
        vni: 102,
        net: "10.102",
        ...(dual ? { cidr6: "fd00:102::/64" } : {}),
        ...settings.other,
        records: {
          "other-1": ["10.102.1.10"],
          "other-2": ["10.102.2.10"],
          both: ["10.102.1.20"],
        },
      }),
    );
    other.hosts = other.hosts.map((host, i) => ({ ...host, gateway: gatewayOfOther(i + 1) }));
    await Promise.all([put(app), put(other)]);
    await Promise.all([
      ...hosts.map((host, i) =>
        runContainer(
          lab,
          host,
          `app-${i + 1}`,
          app,
          `10.101.${i + 1}.10`,
          ...asking(app, `10.101.${i + 1}.1`),
        ),
      ),
      ...["h1", "h2"].map((host, i) =>
        runContainer(
          lab,
          host,
          `other-${i + 1}`,
          other,
          `10.102.${i + 1}.10`,
          ...asking(other, gatewayOfOther(i + 1)),
        ),
      ),
    ]);
  });
  afterAll(closeTransports);

  test("containers on three hosts reach each other", async () => {
    const pairs = [
      [1, 2],
      [1, 3],
      [2, 3],
      [3, 1],
    ] as const;
    await Promise.all(
      pairs.map(async ([from, to]) =>
        expect(
          await reach(`h${from}`, `app-${from}`, `10.101.${to}.10`),
          `app-${from} -> app-${to}`,
        ).toBeTypeOf("number"),
      ),
    );
  });

  test("the source address is preserved across hosts", async () => {
    await webServer(lab, "h2", "app-2");
    const answer = await inContainer(
      lab,
      "h1",
      "app-1",
      ...get("http://10.101.2.10:7000/cgi-bin/who"),
    );
    expect(answer.text.trim()).toBe("10.101.1.10");
  });

  test("megabytes pass whole, and the containers' MTU is the network's", async () => {
    await webServer(lab, "h3", "app-3");
    const sent = await inContainer(lab, "h3", "app-3", "md5sum", "/tmp/www/big");
    const got = await inContainer(
      lab,
      "h1",
      "app-1",
      "sh",
      "-c",
      "printf 'GET /big HTTP/1.0\\r\\n\\r\\n' | nc -w 5 10.101.3.10 7000 | tail -c 1048576 | md5sum",
    );
    expect(got.text.split(" ")[0]).toBe(sent.text.split(" ")[0]);
    const seen = await inContainer(lab, "h1", "app-1", "cat", `/sys/class/net/${links}0/mtu`);
    expect(seen.text.trim()).toBe(String(mtu));
    for (const address of bothOf(app, "10.101.3.10")) {
      const headers = address.includes(":") ? 48 : 28;
      const largest = await inContainer(
        ...([lab, "h1", "app-1", "ping"] as const),
        ...["-c", "1", "-W", "1", "-s", String(mtu - headers), address],
      );
      expect(largest.code, `a packet as large as the MTU, to ${address}`).toBe(0);
    }
  });

  test("two networks are isolated in all directions", async () => {
    const directions: [string, string, string][] = [
      ["h1", "app-1", "10.102.1.10"], // same host
      ["h1", "app-1", "10.102.2.10"], // other host
      ["h1", "other-1", "10.101.1.10"],
      ["h1", "other-1", "10.101.2.10"],
      ["h3", "app-3", "10.102.1.10"], // from a host without a container of the other
      ["h2", "other-2", "10.101.3.10"],
      ["h1", "app-1", gatewayOfOther(1)], // the other network's gateway, on this host
      ["h1", "app-1", gatewayOfOther(2)], // and on another
    ];
    const asked = directions.flatMap(([host, from, to]) =>
      bothOf(to.startsWith("10.101.") ? app : other, to).map((each) => [host, from, each] as const),
    );
    const answers = await Promise.all(
      asked.map(([host, from, to]) =>
        inContainer(lab, host, from, "ping", "-c", "1", "-W", "1", to),
      ),
    );
    expect(asked.filter((_, index) => answers[index]?.code === 0)).toEqual([]);
    // and they do answer within their own
    const own = [reach("h1", "other-1", "10.102.2.10"), reach("h1", "app-1", "10.101.1.1")];
    expect(await Promise.all(own)).toEqual([expect.any(Number), expect.any(Number)]);
  });

  test("names resolve forward and reverse, with all addresses of an alias", async () => {
    const look = async (asked: string) =>
      (await inContainer(lab, "h3", "app-3", "nslookup", asked)).text;
    const backwards = bothOf(app, "10.101.2.10");
    const [plain, full, alias, ...reversed] = await Promise.all(
      ["app-1", `app-1.${app.domain}`, "app", ...backwards].map(look),
    );
    for (const address of bothOf(app, "10.101.1.10")) {
      expect(plain).toContain(address);
      expect(full).toContain(address);
    }
    for (const address of app.records["app"] ?? []) expect(alias).toContain(address);
    expect(reversed).toEqual(
      backwards.map((): unknown =>
        expect.stringContaining(`name = ${reverse ?? `app-2.${app.domain}`}`),
      ),
    );
  });

  test("names of another network are not visible", async () => {
    const asked = [
      ["other-1", "10.101.1.1"],
      [`other-1.${other.domain}`, "10.101.1.1"],
      ["other-1", gatewayOfOther(1)], // the other network's own server, which must not be reached
    ];
    await Promise.all(
      asked.map(async (words) => {
        const answer = await inContainer(
          ...([lab, "h1", "app-1", "timeout", "2", "nslookup", ...words] as const),
        );
        expect(answer.text, words.join(" ")).not.toMatch(/10\.102\.\d+\.10\b/);
      }),
    );
  });

  test("an unknown name is answered at once", async () => {
    await Promise.all(
      ["nobody", `nobody.${app.domain}`, "www.example.org"].map(async (asked) => {
        const answer = await inContainer(lab, "h1", "app-1", "nslookup", asked);
        expect(answer.code, asked).not.toBe(0);
        expect(answer.ms, asked).toBeLessThan(RESOLVER_PATIENCE_MS);
      }),
    );
  });

  test("a container in two networks reaches and resolves both", async () => {
    await runContainer(
      ...([lab, "h1", "both", app, "10.101.1.20"] as const),
      // weaveDNS says of all names whether they are there
      ...(app.names === "weave"
        ? dns(gatewayOfOther(1), "10.101.1.1")
        : dns("10.101.1.1", gatewayOfOther(1))),
      ...["--dns-search", app.domain, "--dns-search", other.domain, "--dns-opt", "ndots:1"],
    );
    const [, other6] = bothOf(other, "10.102.1.20");
    await lab.sh(
      ...(["h1", "docker", "network", "connect", "--ip", "10.102.1.20"] as const),
      ...[...(other6 === undefined ? [] : ["--ip6", other6]), idOf(other), "both"],
    );
    for (const address of ["10.101.2.10", "10.102.2.10"])
      expect(await reach("h1", "both", address)).toBeTypeOf("number");
    const names = [
      ["app-2", "10.101.2.10"],
      ["other-2", "10.102.2.10"],
      [`other-2.${other.domain}`, "10.102.2.10"],
      [`app-2.${app.domain}`, "10.101.2.10"],
    ] as const;
    await Promise.all(
      names.map(async ([asked, address]) => {
        const answer = await inContainer(lab, "h1", "both", "nslookup", asked);
        expect(answer.text, asked).toContain(address);
        expect(answer.ms, asked).toBeLessThan(RESOLVER_PATIENCE_MS);
      }),
    );
    const order = await inContainer(lab, "h1", "both", "ip", "-o", "-4", "addr");
    expect(order.text).toMatch(new RegExp(`${links}0\\s+inet 10\\.101\\.1\\.20`));
    expect(order.text.replace(/\n/g, " ")).toMatch(
      new RegExp(` 10\\.101\\.1\\.20.* ${links}[12]\\s+inet 10\\.102\\.1\\.20`),
    );
    await lab.sh("h1", "docker", "rm", "-f", "both");
  });

  const gateways = "containers go outside by their host, wherever in its block the gateway is";
  if (!leadsOut) it.skip(`${gateways} (Docker leads them outside by a bridge of its own)`);
  else
    test(gateways, async () => {
      const routes = (container: string) =>
        inContainer(lab, "h1", container, "ip", "route", "show", "default");
      expect((await routes("app-1")).text).toMatch(/^default via 10\.101\.1\.1 /);
      expect((await routes("other-1")).text).toMatch(/^default via 10\.102\.1\.254 /);
      expect(await reach("h1", "other-1", gatewayOfOther(1))).toBeTypeOf("number");
    });

  test("a second run changes nothing", async () => {
    expect(await seen(app)).toBeUndefined();
    const before = await lab.sh(
      "h1",
      "sh",
      "-c",
      "stat -c '%n %y' /var/lib/clocker/net/*/*; cat /run/clocker/*.pid",
    );
    await put({ ...app });
    const { outs } = await lifecycle.update(
      idOf(app),
      { ...stateOf(app), problems: { h1: ["again"] } },
      app,
    );
    expect(outs.problems).toBeUndefined();
    expect(
      await lab.sh(
        "h1",
        "sh",
        "-c",
        "stat -c '%n %y' /var/lib/clocker/net/*/*; cat /run/clocker/*.pid",
      ),
    ).toBe(before);
  });

  test("changed names are seen within a second, and removed ones are gone", async () => {
    const { former: _gone, ...rest } = app.records;
    const renamed = { ...app, records: { ...rest, fresh: ["10.101.2.10"] } };
    await put(renamed);
    const [fresh, gone] = await Promise.all([
      inContainer(lab, "h1", "app-1", "nslookup", "fresh"),
      inContainer(lab, "h1", "app-1", "nslookup", "former"),
    ]);
    expect(fresh.text).toContain("10.101.2.10");
    expect(gone.text).not.toContain("10.101.3.10");
    await put(app);
  });

  test("a recreated container is reachable at once", async () => {
    await lab.sh("h1", "docker", "rm", "-f", "app-1");
    await runContainer(lab, "h1", "app-1", app, "10.101.1.10", ...asking(app, "10.101.1.1"));
    if (ownMacs) await announceFrom("h1", "app-1", "10.101.1.10");
    expect(await reach("h2", "app-2", "10.101.1.10")).toBeLessThan(AT_ONCE_MS);
  });

  test("an address that moves to another host is reachable there at once, also from those who knew it", async () => {
    const address = "10.101.1.30";
    const reached = (when: string) =>
      Promise.all(
        [1, 2, 3].map(async (number) =>
          expect(
            await reach(`h${number}`, `app-${number}`, address),
            `${when}, app-${number}`,
          ).toBeLessThan(AT_ONCE_MS),
        ),
      );
    await runContainer(lab, "h1", "mover", app, address);
    await reached("before");
    await lab.sh("h1", "docker", "rm", "-f", "mover");
    const moved = {
      ...app,
      hosts: app.hosts.map((host) => (host.name === "h2" ? { ...host, extra: [address] } : host)),
    };
    await put(moved);
    await runContainer(lab, "h2", "mover", app, address);
    await announceFrom("h2", "mover", address);
    await reached("after");
    await lab.sh("h2", "docker", "rm", "-f", "mover");
    await put(app);
    // and its address is free again, where it was at first
    await runContainer(lab, "h1", "heir", app, address);
    await announceFrom("h1", "heir", address);
    await reached("heir");
    await lab.sh("h1", "docker", "rm", "-f", "heir");
    expect(await seen(app)).toBeUndefined();
  });

  test("a host leaves and joins again", async () => {
    await lab.sh("h3", "docker", "rm", "-f", "app-3");
    const without = { ...app, hosts: app.hosts.filter(({ name }) => name !== "h3") };
    await put(without);
    const left = await traces(lab, "h3");
    expect(left).not.toMatch(OF_APP);
    const known = await lab.sh(
      "h1",
      "sh",
      "-c",
      "bridge fdb show | grep '^00:00:00:00:00:00.* cnv101 '; ip route show proto 201 root 10.101.0.0/16; true",
    );
    expect(known).not.toMatch(new RegExp(`dst ${lab.host("h3").address} |10\\.101\\.3\\.`));
    await put(app);
    await runContainer(lab, "h3", "app-3", app, "10.101.3.10", ...asking(app, "10.101.3.1"));
    expect(await reach("h1", "app-1", "10.101.3.10")).toBeTypeOf("number");
  });

  test("a restart of dockerd leaves it whole", async () => {
    await lab.sh("h2", "docker", "update", "--restart", "always", "app-2");
    await keepNeighbours(lab, "h1", "app-1");
    expect(await reach("h1", "app-1", "10.101.2.10")).toBeTypeOf("number");
    await lab
      .sh("h2", "service", "docker", "restart")
      .catch(() => lab.sh("h2", "/etc/init.d/docker", "restart"));
    expect(await reach("h1", "app-1", "10.101.2.10", 30_000)).toBeTypeOf("number");
    expect(await seen(app)).toBeUndefined();
  });

  test("a power cut and a boot without us bring it back", async () => {
    await lab.restart("h2");
    await closeTransports();
    expect(await reach("h1", "app-1", "10.101.2.10", bootMs)).toBeTypeOf("number");
    // where containers do not need us to be reached, they may be there first
    await expect.poll(() => seen(app), { timeout: 10_000 }).toBeUndefined();
    expect((await inContainer(lab, "h2", "app-2", "nslookup", "app-1")).text).toContain(
      "10.101.1.10",
    );
  });

  test("delete names the containers that are in the way", async () => {
    await expect(lifecycle.delete(idOf(app), stateOf(app))).rejects.toThrow(
      /^network app is still in use\n {2}- host h1: network app still has containers: app-1\n/,
    );
  });

  test("destroy leaves nothing", async () => {
    await Promise.all(
      hosts.map((host) =>
        lab.sh(host, "sh", "-c", "docker rm -f $(docker ps -aq) >/dev/null 2>&1 || true"),
      ),
    );
    await Promise.all(
      [app, other].map((inputs) => lifecycle.delete(idOf(inputs), stateOf(inputs))),
    );
    expect(await Promise.all(hosts.map((host) => traces(lab, host)))).toEqual(before);
    // once more: nothing to do is fine
    await lifecycle.delete(idOf(app), stateOf(app));
  });
}

/** A container does not look for another MAC where it got one in the last minutes: an address whose MAC is no longer that must be announced. */
async function keepNeighbours(lab: TestLab, host: string, container: string): Promise<void> {
  const pid = await lab.sh(host, "docker", "inspect", "-f", "{{.State.Pid}}", container);
  const keep =
    "for file in /proc/sys/net/ipv4/neigh/*/base_reachable_time_ms; do echo 600000 > $file; done";
  await lab.sh(host, "nsenter", "-t", pid.trim(), "-n", "sh", "-c", keep);
}

/** What a container of ours has to ask that server: weaveDNS knows names of the network by its domain alone. */
function asking({ names, domain }: VirtualNetworkInputs, server: string): string[] {
  return [...dns(server), ...(names === "weave" ? ["--dns-search", domain] : [])];
}

function dns(...servers: string[]): string[] {
  return servers.flatMap((server) => ["--dns", server]);
}
