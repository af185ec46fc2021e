import { afterAll, beforeAll, expect, it } from "vitest";
import type { PolicyMember } from "../../provider/firewall/model.js";
import type {
  NetworkPolicyInputs,
  NetworkPolicyState,
} from "../../provider/resources/network-policy/inputs.js";
import { networkPolicyLifecycle as policies } from "../../provider/resources/network-policy/lifecycle.js";
import { virtualNetworkLifecycle as networks } from "../../provider/resources/virtual-network/lifecycle.js";
import { describeEngines } from "../support/engines.js";
import { withLab } from "../support/lab.js";
import {
  bothOf,
  closeTransports,
  inContainer,
  networkInputs,
  runContainer,
  webServer,
} from "./support/network-world.js";

/** Answers by UDP at port 7001 of a container, whose busybox has no program for it. */
const UDP_SERVER = `pid=$(docker inspect -f '{{.State.Pid}}' "$1")
setsid nsenter -t "$pid" -n perl -MIO::Socket::INET -e '
  my $server = IO::Socket::INET->new(LocalPort => 7001, Proto => "udp") or die;
  while (defined $server->recv(my $asked, 99)) { $server->send("heard $asked") }
' >/dev/null 2>&1 &`;

describeEngines("who may connect to whom on a network", ({ engine }) => {
  const lab = withLab("net-policy", { hosts: 3, bare: ["h3"], ...(engine ? { engine } : {}) });
  const hostNames = ["h1", "h2"];
  const network = () =>
    networkInputs(lab, "app", { vni: 131, net: "10.131", cidr6: "fd00:131::/64", hostNames });
  let policy: { id: string; outs: NetworkPolicyState };
  let before: string;

  const member = (name: string, application: string, host: string, last: number): PolicyMember => ({
    ...{ name, application, service: name, host },
    ...(name === "web" ? { published: [{ port: 7000, hostPort: 8091, protocol: "tcp" }] } : {}),
    address: `10.131.${host.slice(1)}.${last}`,
  });
  const members = [
    member("web", "shop", "h1", 10),
    member("cart", "shop", "h2", 10),
    member("redis", "data", "h2", 11),
    member("spy", "other", "h1", 11),
  ];
  const addressOf = (name: string) => members.find((each) => each.name === name)!.address;
  const hostOf = (name: string) => members.find((each) => each.name === name)!.host;

  const wanted = (more: Partial<NetworkPolicyInputs> = {}): NetworkPolicyInputs => ({
    ...network(),
    meta: { project: "p", stack: "s", name: "segments", urn: "" },
    network: "app",
    isolate: "applications",
    outside: "open",
    rules: [],
    members,
    ...more,
  });
  async function change(more: Partial<NetworkPolicyInputs>): Promise<void> {
    policy.outs = (await policies.update(policy.id, policy.outs, wanted(more))).outs;
  }

  /** Whether a command that asks one address of a container succeeds: as well by IPv6 as by IPv4, or by neither. */
  async function byBoth(from: string, to: string, ask: (address: string) => string) {
    const answers = await Promise.all(
      bothOf(network(), addressOf(to)).map(async (address) => {
        const { code } = await inContainer(lab, hostOf(from), from, "sh", "-c", ask(address));
        return code === 0;
      }),
    );
    expect(new Set(answers).size, `${from} -> ${to} by IPv4 and IPv6: ${answers.join(", ")}`).toBe(
      1,
    );
    return answers[0];
  }
  /** Whether one container opens a TCP connection to a port of another and is answered. */
  const reaches = (from: string, to: string, port = 7000) =>
    byBoth(
      ...([from, to] as const),
      (address) =>
        `printf 'GET /cgi-bin/who HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${address} ${port} | grep -q 200`,
    );
  const pings = (from: string, to: string) =>
    byBoth(from, to, (address) => `ping -c1 -W1 ${address}`);

  /** What must not change when a policy does: the containers, and every rule that is not ours. */
  const untouched = async () =>
    (
      await Promise.all(
        ["h1", "h2"].map((host) =>
          lab.sh(
            host,
            "sh",
            "-c",
            `docker inspect -f '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}' $(docker ps -q | sort)
             for t in raw nat filter; do iptables-save -t $t | grep ^-A | grep -vE 'CLK-|CLOCKER'; done`,
          ),
        ),
      )
    ).join("\n");

  beforeAll(async () => {
    await networks.create(network());
    await lab.sh("h1", "iptables", "-I", "DOCKER-USER", "-s", "198.51.100.7", "-j", "DROP");
    await Promise.all(
      members.map(async ({ name, host, address }) => {
        const published = name === "web" ? ["-p", "8091:7000"] : [];
        const always = ["--restart", "always", ...published];
        await runContainer(lab, host, name, network(), address, ...always);
        await webServer(lab, host, name);
      }),
    );
    before = await untouched();
  });
  afterAll(closeTransports);

  it("a policy parts applications under the running containers, on one host and across hosts", async () => {
    // as where Docker has no use for br_netfilter: frames between containers of one host pass the firewall by
    const atTheHost = async (from: string, gateway: string) => {
      const knock = `printf 'GET /cgi-bin/who HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${gateway} 8091 | grep -q 200`;
      return (await inContainer(lab, hostOf(from), from, "sh", "-c", knock)).code === 0;
    };
    const show =
      "ip -6 -o addr show dev cnb131 scope link -tentative | sed '$!d; s/.* inet6 //; s,/.*,,'";
    const linkLocal = `${await lab.sh("h1", "sh", "-c", show)}%eth0`;
    expect(await atTheHost("spy", lab.host("h1").address)).toBe(true);
    expect(await atTheHost("spy", linkLocal)).toBe(true);
    const everyBridge = "net.bridge.bridge-nf-call-iptables";
    for (const family of [everyBridge, "net.bridge.bridge-nf-call-ip6tables"])
      await lab.sh("h1", "sysctl", "-qw", `${family}=0`);
    expect(await reaches("web", "cart")).toBe(true);
    expect(await reaches("web", "redis")).toBe(true);
    expect(await reaches("spy", "web")).toBe(true);
    policy = await policies.create(wanted());
    expect(await reaches("web", "cart"), "one application").toBe(true);
    expect(await reaches("cart", "web"), "one application").toBe(true);
    expect(await pings("web", "cart")).toBe(true);
    expect(await reaches("web", "redis"), "across hosts").toBe(false);
    expect(await reaches("spy", "web"), "on one host").toBe(false);
    expect(await pings("spy", "web")).toBe(false);
    // nor by Docker's proxy, a process of the host
    expect(await atTheHost("spy", lab.host("h1").address), "a port of the host").toBe(false);
    expect(await atTheHost("spy", linkLocal), "at its address on the link").toBe(false);
    expect(await atTheHost("redis", "10.131.1.1"), "at its address on the network").toBe(false);
    expect(await atTheHost("cart", "10.131.1.1"), "one application").toBe(true);
    expect(await lab.sh("h1", "sysctl", "-n", everyBridge), "every other bridge as before").toBe(
      "0",
    );
    expect(await untouched()).toBe(before);
  });

  it("a rule opens one direction and port, and taking it back ends connections that are open", async () => {
    const rules = [
      { from: { application: "shop" }, to: { service: "redis" }, ports: ["7000", "7002"] },
    ];
    await change({ rules });
    expect(await reaches("web", "redis")).toBe(true);
    expect(await reaches("cart", "redis")).toBe(true);
    expect(await reaches("redis", "web"), "not back").toBe(false);
    expect(await reaches("spy", "redis"), "nobody else").toBe(false);
    expect(await pings("web", "redis"), "no other protocol").toBe(false);
    // redis writes a line each 0.2 s to whoever connects; web counts them
    await inContainer(
      ...([lab, "h2", "redis", "sh", "-c"] as const),
      "(while :; do echo tick; sleep 0.2; done | nc -l -p 7002 >/dev/null 2>&1) >/dev/null 2>&1 &",
    );
    await inContainer(
      ...([lab, "h1", "web", "sh", "-c"] as const),
      `(sleep 60 | nc ${addressOf("redis")} 7002 > /tmp/ticks 2>/dev/null) >/dev/null 2>&1 &`,
    );
    const ticks = async () =>
      Number((await inContainer(lab, "h1", "web", "sh", "-c", "wc -l < /tmp/ticks")).text);
    const pause = () => new Promise((resolve) => setTimeout(resolve, 800));
    await pause();
    const early = await ticks();
    expect(early).toBeGreaterThan(0);
    await change({ rules: [] });
    await pause();
    const cut = await ticks();
    await pause();
    expect(await ticks(), "nothing more came").toBe(cut);
    expect(await reaches("web", "redis")).toBe(false);
    expect(await untouched()).toBe(before);
  });

  it("a published port is closed to the outside and opened to it by a rule", async () => {
    const knock = () =>
      fetch(`http://${lab.host("h1").address}:8091/cgi-bin/who`, {
        signal: AbortSignal.timeout(2000),
      }).then(
        ({ ok }) => ok,
        () => false,
      );
    // a network made later: its rules let published ports through, and may not come before the policy
    const late = networkInputs(lab, "late", { vni: 132, net: "10.132", hostNames });
    await networks.create(late);
    await runContainer(lab, "h1", "guest", late, "10.132.1.10");
    before = await untouched(); // with Docker's rules for that network
    const ask = `printf 'GET /cgi-bin/who HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${lab.host("h1").address} 8091 | grep -q 200`;
    const guestKnocks = async () =>
      (await inContainer(lab, "h1", "guest", "sh", "-c", ask)).code === 0;
    expect(await knock()).toBe(true);
    expect(await guestKnocks()).toBe(true);
    await change({ outside: "closed" });
    expect(await knock()).toBe(false);
    expect(await guestKnocks(), "from another network of this host").toBe(false);
    const from = { cidr: `${lab.inventory.gateway}/32` };
    await change({ outside: "closed", rules: [{ from, to: { service: "web" }, ports: ["7000"] }] });
    expect(await knock()).toBe(true);
    expect(await untouched()).toBe(before);
  });

  /** Whether a program of h2 is answered at a port of h1, at one of its addresses. */
  const h2Asks = async (address: string, port: number) => {
    const ask = `printf 'GET /cgi-bin/who HTTP/1.0\\r\\n\\r\\n' | busybox nc -w 2 ${address} ${port} | grep -q 200`;
    return (await lab.exec("h2", ["sh", "-c", ask])).code === 0;
  };
  /** An address of its own for each host, by which they are no members of any network. */
  const LAN6 = "fd00:77::";

  it("it is closed at the host's IPv6 address too, whether or not the network has IPv6", async () => {
    for (const host of ["h1", "h2"])
      await lab.sh(host, "ip", "addr", "add", `${LAN6}${host.slice(1)}/64`, "dev", "eth0", "nodad");
    const late = networkInputs(lab, "late", { vni: 132, net: "10.132", hostNames });
    await runContainer(lab, "h1", "open", late, "10.132.1.11", "-p", "8092:7000");
    await webServer(lab, "h1", "open");
    const published = [{ port: 7000, hostPort: 8092, protocol: "tcp" as const }];
    const plain = (more: Partial<NetworkPolicyInputs>) => ({
      ...late,
      meta: { project: "p", stack: "s", name: "late-segments", urn: "" },
      ...{ network: "late", isolate: "applications" as const, outside: "closed" as const },
      ...{
        rules: [],
        members: [{ ...member("open", "", "h1", 11), address: "10.132.1.11", published }],
      },
      ...more,
    });
    const asked = () => Promise.all([h2Asks(`${LAN6}1`, 8091), h2Asks(`${LAN6}1`, 8092)]);
    await change({});
    expect(await asked(), "open").toEqual([true, true]);
    await change({ outside: "closed" });
    let closed = await policies.create(plain({}));
    expect(await asked(), "closed").toEqual([false, false]);
    const local = await lab.exec("h1", ["sh", "-c", `busybox nc -w 2 ${LAN6}1 8092 </dev/null`]);
    expect(local.code, "a program of the host itself").toBe(0);
    const rules = [{ from: { cidr: `${LAN6}2/128` }, to: "all" as const, ports: ["7000"] }];
    await change({ outside: "closed", rules });
    closed = { ...closed, ...(await policies.update(closed.id, closed.outs, plain({ rules }))) };
    expect(await asked(), "by a rule").toEqual([true, true]);
    expect((await policies.read(closed.id, closed.outs)).props).toEqual(closed.outs);
    await policies.delete(closed.id, closed.outs);
    expect(await lab.sh("h1", "sh", "-c", "ip6tables-save | grep -c 'CLK-.*-132' || true")).toBe(
      "0",
    );
  });

  it("to a closed network the services of its hosts are the outside, and its name server is not", async () => {
    const connects = async (from: string, address: string, port: number) => {
      const ask = `nc -w 2 ${address} ${port} </dev/null`;
      return (await inContainer(lab, hostOf(from), from, "sh", "-c", ask)).code === 0;
    };
    const named = async (server: string) =>
      (await inContainer(lab, "h1", "spy", "nslookup", "_clocker.app.clocker", server)).text;
    const services = () =>
      Promise.all([
        connects("spy", "10.131.1.1", 22),
        connects("spy", lab.host("h1").address, 22),
        connects("spy", bothOf(network(), "10.131.1.1")[1]!, 22),
        connects("redis", "10.131.1.1", 22),
      ]);
    await change({});
    expect(await services()).toEqual([true, true, true, true]);
    await change({ outside: "closed" });
    expect(await services()).toEqual([false, false, false, false]);
    for (const server of bothOf(network(), "10.131.1.1"))
      expect(await named(server)).toContain(server);
    for (const address of bothOf(network(), addressOf("web"))) {
      const ask = [
        "sh",
        "-c",
        `ping -c1 -W1 ${address} && busybox nc -w 2 ${address} 7000 </dev/null`,
      ];
      for (const host of ["h1", "h2"])
        expect((await lab.exec(host, ask)).code, `${host} asks ${address}`).toBe(0);
    }
    const to = { cidr: "10.131.1.1/32" };
    await change({ outside: "closed", rules: [{ from: { service: "spy" }, to, ports: ["22"] }] });
    expect(await services(), "by a rule, of its own host").toEqual([true, false, false, false]);
    await change({});
  });

  /** Other drivers and machines without Docker get the same rules, so they are tried beside one engine. */
  const besideOneEngine = <T>(rows: readonly T[]): readonly T[] =>
    engine === undefined ? rows : [];

  it.each(
    besideOneEngine([
      ["routed", 133, 1500],
      ["wireguard", 134, 1440],
    ] as const),
  )("over %s a host is answered by containers of another one", async (driver, vni, mtu) => {
    const net = `10.${vni}`;
    const cidr6 = `fd00:${vni}::/64`;
    const inputs = networkInputs(lab, driver, { driver, vni, net, mtu, cidr6, hostNames });
    const { outs } = await networks.create(inputs);
    await runContainer(lab, "h2", driver, outs, `${net}.2.10`);
    await lab.sh(...(["h2", "sh", "-c", UDP_SERVER, "sh", driver] as const));
    const made = await policies.create({
      ...wanted({ ...inputs, outside: "closed" }),
      ...{
        meta: { project: "p", stack: "s", name: `${driver}-segments`, urn: "" },
        network: driver,
      },
      members: [{ ...member(driver, "", "h2", 10), address: `${net}.2.10` }],
    });
    const ask = async (command: string) => (await lab.exec("h1", ["bash", "-c", command])).stdout;
    for (const address of bothOf(outs, `${net}.2.10`))
      await expect
        .poll(() => ask(`ping -c1 -W1 ${address}`), { timeout: 10_000 })
        .toContain("1 received");
    await expect
      .poll(
        () => ask(`exec 3<>/dev/udp/${net}.2.10/7001; echo hello >&3; timeout 2 head -n 1 <&3`),
        { timeout: 10_000 },
      )
      .toContain("heard hello");
    const host = await lab.exec("h1", ["ping", "-c1", "-W1", `${net}.2.1`]);
    expect(host.code, "nor by the host itself").toBe(0);
    await policies.delete(made.id, made.outs);
    await lab.sh("h2", "docker", "rm", "-f", driver);
    await networks.delete(`${driver}-${vni}`, outs);
  });

  it.each(
    besideOneEngine([
      ["vxlan", 135, 1450],
      ["wireguard", 136, 1440],
    ] as const),
  )(
    "over %s a machine without Docker asks and is asked by the rules, in both families",
    async (driver, vni, mtu) => {
      const net = `10.${vni}`;
      const last = { web: `${net}.1.10`, spy: `${net}.1.11`, db: `${net}.255.254` };
      const cidr6 = `fd00:${vni}::/64`;
      const plain = networkInputs(lab, driver, { driver, vni, net, mtu, cidr6, hostNames });
      const machine = {
        ...{ name: "db", connection: lab.connection("h3"), underlay: lab.host("h3").address },
        ...{ block: `${last.db}/32`, gateway: last.db, machine: true },
      };
      const records = Object.fromEntries(
        Object.entries(last).map(([name, address]) => [name, bothOf(plain, address)]),
      );
      const { outs } = await networks.create({
        ...plain,
        records,
        hosts: [...plain.hosts, machine],
      });
      const names = { web: `web-${vni}`, spy: `spy-${vni}` };
      for (const each of ["web", "spy"] as const) {
        await runContainer(lab, "h1", names[each], outs, last[each]);
        await webServer(lab, "h1", names[each]);
      }
      /** By IPv4, then by IPv6. */
      const asked = (from: keyof typeof last, to: keyof typeof last, port: number) =>
        Promise.all(
          bothOf(outs, last[to]).map(async (address) => {
            const ask = `busybox nc -w 2 ${address} ${port} </dev/null`;
            const { code } =
              from === "db"
                ? await lab.exec("h3", ["sh", "-c", ask])
                : await inContainer(lab, "h1", names[from], "sh", "-c", ask);
            return code === 0;
          }),
        );
      const everyWay = async () => ({
        "web to db": await asked("web", "db", 22),
        "spy to db": await asked("spy", "db", 22),
        "db to web": await asked("db", "web", 7000),
        "db to spy": await asked("db", "spy", 7000),
      });
      const open = [true, true];
      const shut = [false, false];
      await expect
        .poll(everyWay, { timeout: 20_000 })
        .toEqual({ "web to db": open, "spy to db": open, "db to web": open, "db to spy": open });
      const made = await policies.create({
        ...wanted({ ...plain, outside: "closed" }),
        ...{
          meta: { project: "p", stack: "s", name: `${driver}-machines`, urn: "" },
          network: driver,
        },
        members: [
          ...(["web", "spy"] as const).map((each) => ({
            ...member(each, each, "h1", 10),
            ...{ published: [], address: last[each] },
          })),
          { ...member("db", "", "db", 1), address: last.db, machine: true as const },
        ],
        rules: [
          { from: { service: "web" }, to: { machine: "db" }, ports: ["22"] },
          { from: { machine: "db" }, to: { service: "web" }, ports: ["7000"] },
        ],
      });
      expect(await everyWay()).toEqual({
        ...{ "web to db": open, "spy to db": shut, "db to web": open, "db to spy": shut },
      });
      await policies.delete(made.id, made.outs);
      await lab.sh("h1", "docker", "rm", "-f", names.web, names.spy);
      await networks.delete(`${driver}-${vni}`, outs);
      const left = "ip -o link | grep -oE 'cn[bvw][0-9]+' || true";
      expect(await lab.sh("h3", "sh", "-c", left)).toBe("");
    },
  );

  it("a refresh finds what was lost or changed by hand, and the next update restores it", async () => {
    const inputs = wanted();
    await change({});
    const clean = await policies.read(policy.id, policy.outs);
    expect(clean).toEqual({ id: policy.id, props: policy.outs, inputs });
    await lab.sh("h1", "ip6tables", "-F", "CLK-P-131");
    await lab.sh("h1", "ip", "link", "set", "cnb131", "type", "bridge", "nf_call_ip6tables", "0");
    await lab.sh("h2", "rm", "/var/lib/clocker/net/131/policy");
    const seen = (await policies.read(policy.id, policy.outs)).props!;
    expect(seen.problems).toEqual({
      h1: [
        "firewall rules of IPv6 are missing or changed",
        "frames on the bridge cnb131 pass the firewall by",
      ],
      h2: ["the policy is not on the host"],
    });
    policy.outs = (await policies.update(policy.id, seen, inputs)).outs;
    expect((await policies.read(policy.id, policy.outs)).props).toEqual(policy.outs);
    expect(await reaches("spy", "web")).toBe(false);
  });

  it("it is in force again after a power cut, without us", async () => {
    await lab.kill("h1");
    await lab.restart("h1");
    // a boot script may come after Docker, and one family is there before the other
    const both = (from: string, to: string) => () => pings(from, to).catch(() => "one of them");
    await expect.poll(both("web", "cart"), { timeout: 30_000 }).toBe(true);
    await expect.poll(both("spy", "web"), { timeout: 30_000 }).toBe(false);
    expect(await pings("web", "redis")).toBe(false);
  });

  it("another one's mark is left alone; lifted, everybody reaches everybody and no rule is left", async () => {
    await policies.delete(policy.id, { ...policy.outs, generation: "00000000" });
    expect(await pings("spy", "web")).toBe(false);
    // a delete that was interrupted between the file and the rules
    await lab.sh("h1", "rm", "/var/lib/clocker/net/131/policy");
    await policies.delete(policy.id, policy.outs);
    expect(await pings("spy", "web")).toBe(true);
    expect(await pings("redis", "cart")).toBe(true);
    for (const host of ["h1", "h2"])
      for (const rules of ["iptables-save", "ip6tables-save"])
        expect(await lab.sh(host, "sh", "-c", `${rules} | grep -c CLK-P || true`)).toBe("0");
    expect(await policies.read(policy.id, policy.outs)).toEqual({});
  });
});
