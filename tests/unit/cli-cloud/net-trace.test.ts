import { describe, expect, it } from "vitest";
import { inspected, inspectText } from "../../../cli/cloud/net-inspect.js";
import { pathsBetween } from "../../../cli/cloud/net-path.js";
import { isSurprising, traceText, type Traced } from "../../../cli/cloud/net-trace.js";
import { sampleCloud, type SampleCloud } from "./sample-cloud.js";

const shop: SampleCloud = {
  networks: [{ name: "lan" }, { name: "db", driver: "wireguard", outbound: false }],
  containers: [
    { name: "shop-web", host: "h1", application: "shop", ports: [["", 8080, 80, "tcp"]] },
    { name: "redis", host: "h2", application: "data" },
    { name: "admin", host: "h1", application: "shop", networks: ["db"] },
    {
      name: "store",
      host: "h2",
      application: "shop",
      networks: ["db"],
      ports: [["", 9090, 90, "tcp"]],
    },
  ],
};
const segments = {
  lan: {
    outside: "closed" as const,
    rules: [{ from: { application: "shop" }, to: { service: "redis" }, ports: ["6379"] }],
  },
};
const closed = sampleCloud({ ...shop, policies: segments });
const text = (a: string, b: string, cloud = sampleCloud(shop)) =>
  pathsBetween(cloud, a, b).map(traceText).join("\n\n");

describe("clocker net trace", () => {
  it("follows a packet from a container to one on another host, and names the rule that lets it through", () => {
    expect(text("web", "redis", closed)).toBe(
      [
        "shop-web to redis over lan: open on some ports",
        "   AT        WHAT",
        "1  shop-web  10.128.0.2 on lan (vxlan, 10.128.0.0/16), MTU 1450, on host h1",
        "2  h1        redis.lan.clocker is 10.128.1.2, by the name server 10.128.0.1",
        "3  h1        is wrapped as VXLAN 7, UDP 4789, 192.0.2.1 -> 192.0.2.2, by cnv7, 50 bytes a packet, not encrypted",
        "4  h2        arrives on cnb7",
        "5  h2        policy segments: allow[0] lets application shop ask service redis on 6379",
        "6  redis     10.128.1.2 answers",
      ].join("\n"),
    );
    expect(text("redis", "web", closed)).toContain(
      'policy segments: no rule allows it between applications "data" and "shop"',
    );
    expect(pathsBetween(closed, "redis", "web")[0]!.verdict).toBe("blocked");
  });

  it.each([
    ["docker", "Docker's own resolver"],
    ["weave", "weaveDNS at 10.128.0.1"],
  ] as const)("says who answers names where %s does", (names, by) => {
    const cloud = sampleCloud({ ...shop, networks: [{ name: "lan", names }, shop.networks![1]!] });
    expect(pathsBetween(cloud, "web", "redis")[0]!.steps[1]!.what).toBe(
      `redis.lan.clocker is 10.128.1.2, by ${by}`,
    );
  });

  it("shows both addresses where the network has IPv6, as inspect does", () => {
    const dual = sampleCloud({
      ...shop,
      networks: [{ name: "lan", cidr6: "fd00:128::/64" }, shop.networks![1]!],
    });
    const [path] = pathsBetween(dual, "web", "redis");
    expect(path!.steps.slice(0, 2).map(({ what }) => what)).toEqual([
      "10.128.0.2, fd00:128::2 on lan (vxlan, 10.128.0.0/16, fd00:128::/64), MTU 1450, on host h1",
      "redis.lan.clocker is 10.128.1.2, fd00:128::102, by the name server 10.128.0.1",
    ]);
    const shown = inspectText(inspected(dual, "lan"));
    expect(shown).toContain("CIDR            10.128.0.0/16, fd00:128::/64");
    expect(shown).toMatch(
      /h2 +10\.128\.1\.0\/24, fd00:128::100\/120 +10\.128\.1\.1, fd00:128::101 /,
    );
    expect(shown).toMatch(/redis +h2 +10\.128\.1\.2, fd00:128::102 +redis/);
  });

  it("says that the services of a container's own host are open, unless the outside is closed to it", () => {
    const open = sampleCloud({ ...shop, policies: { lan: { ...segments.lan, outside: "open" } } });
    const own = (container: string, cloud = open) => pathsBetween(cloud, container, "h1")[0]!;
    expect(own("web", closed).verdict).toBe("blocked");
    expect(own("web", closed).steps.at(-1)!.what).toBe(
      'policy segments: no rule allows it, and the outside is "closed"',
    );
    for (const container of ["web", "admin"]) {
      expect(own(container).verdict).toBe("open");
      expect(own(container).steps.at(-1)).toEqual({
        at: "h1",
        what: "answers itself: its own services are a matter of its own firewall",
      });
    }
  });

  it("says that those of another host are open at its address on the network, and to a closed network nowhere", () => {
    const paths = pathsBetween(closed, "admin", "h2");
    expect(paths.map(({ verdict }) => verdict)).toEqual(["blocked", "open"]);
    expect(paths[1]!.target).toEqual({ address: "10.129.1.1", ports: [] });
    expect(paths[1]!.steps.at(-1)!.what).toMatch(
      /^10\.129\.1\.1 on db answers itself: its own services are a matter of/,
    );
    const to = { cidr: "192.0.2.2/32" };
    const rules = [{ from: { application: "shop" }, to, ports: ["22"] }];
    const lan = { outside: "closed" as const, rules };
    const ruled = pathsBetween(sampleCloud({ ...shop, policies: { lan } }), "web", "h2");
    expect(ruled.map(({ verdict }) => verdict)).toEqual(["partly", "blocked"]);
  });

  it("knows that a container comes to another host with the address of its own, whatever network a rule names", () => {
    const cloud = sampleCloud({
      networks: [{ name: "lan" }, { name: "db" }],
      containers: [
        { name: "web", host: "h1", application: "shop", ports: [["", 8080, 80, "tcp"]] },
        { name: "near", host: "h1", application: "data", networks: ["db"] },
        { name: "far", host: "h2", application: "data", networks: ["db"] },
      ],
      policies: {
        lan: {
          outside: "closed",
          rules: [{ from: { cidr: "10.129.0.0/16" }, to: { service: "web" }, ports: ["80"] }],
        },
      },
    });
    const verdict = (from: string) => pathsBetween(cloud, from, "web")[0]!.verdict;
    expect([verdict("near"), verdict("far")]).toEqual(["open", "blocked"]);
  });

  it("says how each driver carries it", () => {
    const way = (driver: string, driverOptions: Record<string, unknown> = {}) =>
      pathsBetween(
        sampleCloud({
          ...shop,
          networks: [{ name: "lan", driver, driverOptions }, shop.networks![1]!],
        }),
        "web",
        "redis",
      )[0]!
        .steps.slice(2, -1)
        .map(({ what }) => what);
    expect(way("routed")).toEqual([
      "is routed 192.0.2.1 -> 192.0.2.2, not wrapped and not encrypted",
      "arrives on cnb7",
    ]);
    expect(way("wireguard")[0]).toBe(
      "is encrypted by WireGuard, 192.0.2.1 -> 192.0.2.2, 60 bytes a packet",
    );
    expect(way("weave")).toEqual([
      "is carried by Weave's router, 192.0.2.1 -> 192.0.2.2, over the bridge weave, not encrypted",
    ]);
    expect(way("weave", { password: "correct horse" })).toEqual([
      "is carried by Weave's router, 192.0.2.1 -> 192.0.2.2, over the bridge weave, encrypted",
    ]);
    expect(way("macvlan")).toEqual([
      "goes over the hosts' own link, not wrapped, past the firewall",
    ]);
    expect(way("swarm")[0]).toContain("UDP 4789, 192.0.2.1 -> 192.0.2.2, by swarm, 50 bytes");
    expect(way("ovs")[1]).toBe("arrives on cns7");
    expect(way("cni")).toEqual(["the driver cni carries it by rules of its own"]);
  });

  it("enters by a published port, or is told that there is none", () => {
    expect(text("outside", "web")).toBe(
      [
        "outside to shop-web over lan: open",
        "   AT        WHAT",
        "1  h1        h1:8080 is translated to 10.128.0.2:80/tcp",
        "2  shop-web  10.128.0.2 answers",
      ].join("\n"),
    );
    expect(text("outside", "redis")).toBe(
      "outside to redis over lan: blocked\n   AT  WHAT\n1  h2  redis publishes no port",
    );
    expect(text("outside", "web", closed)).toContain(
      'policy segments: no rule allows it, and the outside is "closed"',
    );
  });

  it("between containers without a common network goes out and comes in, as far as both ends let it", () => {
    const [out] = pathsBetween(sampleCloud(shop), "redis", "store");
    expect(out).toMatchObject({
      verdict: "open",
      target: { address: "192.0.2.2", ports: [9090] },
    });
    expect(out!.steps[0]).toEqual({
      at: "redis",
      what: "shares no network with store: only a published port leads there",
    });
    const [kept] = pathsBetween(sampleCloud(shop), "admin", "shop-web");
    expect(kept!.verdict).toBe("blocked");
    expect(kept!.steps.at(-1)!.what).toBe("network db has no way out (outbound: false)");
  });

  it("of hosts: they reach containers by their own address on the network, and are reached by the way out", () => {
    const [own] = pathsBetween(closed, "h2", "web");
    expect(own!.verdict).toBe("open");
    expect(own!.steps[0]!.what).toBe(
      "asks as 10.128.1.1, its own address on lan; hosts reach all containers",
    );
    expect(pathsBetween(sampleCloud(shop), "web", "h2")[0]!.steps.at(-1)!.what).toBe(
      "leaves with an address of the host (masquerade)",
    );
    expect(pathsBetween(closed, "web", "outside")[0]!.verdict).toBe("blocked");
  });

  it("refuses what it does not know, with the names that there are", () => {
    expect(() => pathsBetween(closed, "redis", "nobody")).toThrow(
      "stack prod has no container nobody\nName one of: shop-web, redis, admin, store",
    );
    expect(() => pathsBetween(closed, "redis", "redis")).toThrow(
      "redis is both ends: name two different ones",
    );
  });

  it("shows what was measured, and whether it is what the state says", () => {
    const [path] = pathsBetween(closed, "web", "redis");
    const measured = (knock: "open" | "blocked"): Traced => ({
      ...path!,
      probes: [{ address: "10.128.1.2", port: 6379, measured: knock }],
    });
    expect(traceText(measured("open"))).toMatch(
      /\n {3}shop-web {2}measured: 10\.128\.1\.2:6379 is open$/,
    );
    expect(isSurprising(measured("open"))).toBe(false);
    expect(isSurprising(measured("blocked"))).toBe(true);
    expect(isSurprising(path!)).toBe(false);
  });
});

describe("clocker net inspect", () => {
  it("says all of one network", () => {
    expect(inspectText(inspected(closed, "lan"))).toBe(
      [
        "network         lan",
        "driver          vxlan",
        "CIDR            10.128.0.0/16",
        "VNI             7",
        "MTU             1450",
        "Docker network  lan-7",
        "domain          lan.clocker",
        "other names by  the hosts' resolvers",
        "way out         through the host",
        "policy          segments: isolates applications, outside closed",
        "                lets application shop ask service redis on 6379",
        "",
        "HOST  BLOCK          GATEWAY     UNDERLAY",
        "h1    10.128.0.0/24  10.128.0.1  192.0.2.1",
        "h2    10.128.1.0/24  10.128.1.1  192.0.2.2",
        "",
        "CONTAINER  HOST  ADDRESS     NAMES",
        "shop-web   h1    10.128.0.2  shop-web",
        "redis      h2    10.128.1.2  redis",
      ].join("\n"),
    );
    expect(() => inspected(closed, "wan")).toThrow(
      "the stack has no network wan\nName one of: lan, db",
    );
  });
});
