import { afterAll, beforeAll, expect, it } from "vitest";
import { LABELS } from "../../provider/host/ownership.js";
import type { VirtualNetworkState } from "../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../provider/resources/virtual-network/lifecycle.js";
import { describeEngines } from "../support/engines.js";
import { withLab } from "../support/lab.js";
import {
  bothOf,
  closeTransports,
  get,
  inContainer,
  networkInputs,
  pingable,
  runContainer,
  webServer,
} from "./support/network-world.js";

/** What a network takes off and puts back when it is made again. */
const OURS = ["--label", `${LABELS.owner}=p/s/x`];

describeEngines("what may enter and leave a network", (engine) => {
  const lab = withLab("net-isolation", { hosts: 3, ...engine });
  let app: VirtualNetworkState;
  let other: VirtualNetworkState;

  beforeAll(async () => {
    // h3 is no member of app: it plays the stranger.
    const made = await Promise.all([
      lifecycle.create(
        networkInputs(lab, "app", { vni: 111, net: "10.111", hostNames: ["h1", "h2"] }),
      ),
      lifecycle.create(networkInputs(lab, "other", { vni: 112, net: "10.112", outbound: false })),
    ]);
    app = made[0].outs;
    other = made[1].outs;
    await Promise.all([
      runContainer(lab, "h1", "app-1", app, "10.111.1.10", "-p", "8081:7000", ...OURS),
      runContainer(lab, "h1", "app-1b", app, "10.111.1.11", ...OURS),
      runContainer(lab, "h2", "app-2", app, "10.111.2.10", ...OURS),
      runContainer(lab, "h1", "other-1", other, "10.112.1.10", "-p", "8082:7000"),
    ]);
    await webServer(lab, "h1", "app-1");
    await webServer(lab, "h1", "other-1");
  });
  afterAll(closeTransports);

  const who = (host: string, container: string, url: string) =>
    inContainer(lab, host, container, ...get(url));

  it("a published port answers from outside, from its own network and from another one", async () => {
    const url = `http://${lab.host("h1").address}:8081/cgi-bin/who`;
    const outside = await fetch(url);
    expect((await outside.text()).trim()).toBe(lab.inventory.gateway);
    expect((await who("h2", "app-2", url)).code, "own network, other host").toBe(0);
    expect((await who("h1", "app-1b", url)).code, "own network, same host").toBe(0);
    expect((await who("h1", "app-1", url)).code, "itself").toBe(0);
    await runContainer(lab, "h1", "third", app, "10.111.1.12", ...OURS);
    const crossed = `http://${lab.host("h1").address}:8082/cgi-bin/who`;
    expect((await who("h1", "third", crossed)).code, "another network, same host").toBe(0);
  });

  /** From 28 on Docker itself drops packets to a container that do not come by its bridge: this takes those rules out. */
  const withoutDockersOwn = (host: string) =>
    lab.sh(
      host,
      "sh",
      "-c",
      `for table in raw filter; do
         iptables -t $table -S | grep -E '^-A (PREROUTING|DOCKER|DOCKER-[A-Z]+) .*-j DROP' | grep -v CLK | sed 's/^-A/-D/' |
           while read -r rule; do eval "iptables -t $table $rule"; done
       done`,
    );

  it("a neighbour with a route to the network does not get in, even where FORWARD accepts", async () => {
    await lab.sh("h1", "iptables", "-P", "FORWARD", "ACCEPT");
    await lab.sh("h3", "ip", "route", "add", "10.111.0.0/16", "via", lab.host("h1").address);
    const knock = () =>
      lab.exec("h3", ["bash", ...get("http://10.111.1.10:7000/cgi-bin/who").slice(1)]);
    expect((await knock()).code).not.toBe(0);
    const gateway = await lab.exec("h3", ["ping", "-c", "1", "-W", "1", "10.111.1.1"]);
    expect(gateway.code).not.toBe(0);
    // the same without our rules succeeds: it is they that keep the door shut
    await lab.sh("h1", "iptables", "-F", "CLK-F-111");
    await withoutDockersOwn("h1");
    expect((await knock()).code).toBe(0);
    await lab.sh("h3", "ip", "route", "del", "10.111.0.0/16");
    const seen = (await lifecycle.read("app-111", app)).props;
    expect(seen?.problems).toEqual({ h1: ["firewall rules are missing or changed"] });
    app = (await lifecycle.update("app-111", seen ?? app, app)).outs;
    expect((await lifecycle.read("app-111", app)).props?.problems).toBeUndefined();
  });

  it("forged frames from a host that is no peer are dropped", async () => {
    const h1 = lab.host("h1").address;
    const h3 = lab.host("h3").address;
    await lab.sh(
      "h3",
      "sh",
      "-c",
      `ip link add forged type vxlan id 111 local ${h3} dstport 4790 && ip link del forged
       ip link add forged type vxlan id 111 local ${h3} dstport 4789 && ip link set forged mtu 1450 up
       bridge fdb append 00:00:00:00:00:00 dev forged dst ${h1}
       ip addr add 10.111.9.9/16 dev forged`,
    );
    const ping = () => lab.exec("h3", ["ping", "-c", "1", "-W", "1", "10.111.1.10"]);
    expect((await ping()).code).not.toBe(0);
    // another VNI on the same port is not ours to judge: the network that h3 is in works
    await runContainer(lab, "h3", "other-3", other, "10.112.3.10");
    expect(await pingable(lab, "h1", "other-1", "10.112.3.10")).toBeTypeOf("number");
    await lab.sh("h1", "iptables", "-t", "raw", "-F", "CLK-X-111");
    // while h3 still waits for an answer to its first question, it asks no second one
    await expect.poll(async () => (await ping()).code, { timeout: 10_000 }).toBe(0);
    await lab.sh("h3", "ip", "link", "del", "forged");
    app = (await lifecycle.update("app-111", { ...app, problems: { h1: ["forged"] } }, app)).outs;
  });

  it("outbound is translated, or refused, and changes live", async () => {
    const out = (container: string) =>
      inContainer(lab, "h1", container, "ping", "-c", "1", "-W", "1", lab.inventory.gateway);
    expect((await out("app-1")).code).toBe(0);
    expect((await out("other-1")).code).not.toBe(0);
    const id = await lab.sh("h1", "docker", "inspect", "-f", "{{.State.Pid}}", "other-1");
    other = (await lifecycle.update("other-112", other, { ...other, outbound: true })).outs;
    expect((await out("other-1")).code).toBe(0);
    expect(await lab.sh("h1", "docker", "inspect", "-f", "{{.State.Pid}}", "other-1")).toBe(id);
    other = (await lifecycle.update("other-112", other, { ...other, outbound: false })).outs;
    expect((await out("other-1")).code).not.toBe(0);
  });

  it("gets and loses IPv6 under its running containers, and nobody gets in by it", async () => {
    const cidr6 = "fd00:111::/64";
    const dual = (await lifecycle.update("app-111", app, { ...app, cidr6 })).outs;
    const [, near = "", far = ""] = ["10.111.1.1", "10.111.1.10", "10.111.2.10"].map(
      (address) => bothOf(dual, address)[1],
    );
    expect(await pingable(lab, "h1", "app-1", ["10.111.2.10", far])).toBeTypeOf("number");
    expect(await pingable(lab, "h2", "app-2", ["10.111.1.10", near])).toBeTypeOf("number");
    expect((await inContainer(lab, "h1", "other-1", "ping", "-c1", "-W1", near)).code).not.toBe(0);
    // h3 is a stranger with a route
    await lab.sh("h1", "ip", "addr", "add", "fd00:77::1/64", "dev", "eth0", "nodad");
    await lab.sh("h3", "ip", "addr", "add", "fd00:77::3/64", "dev", "eth0", "nodad");
    // it has no way back to the container yet: what comes out has the host's address
    const out = await inContainer(lab, "h1", "app-1", "ping", "-c1", "-W1", "fd00:77::3");
    expect(out.code, "outbound").toBe(0);
    await lab.sh("h3", "ip", "route", "add", cidr6, "via", "fd00:77::1");
    const stranger = async (address: string) =>
      (await lab.exec("h3", ["ping", "-c1", "-W1", address])).code === 0;
    expect(await stranger("fd00:77::1")).toBe(true);
    expect(await stranger(near)).toBe(false);
    expect(await stranger("fd00:111::101"), "the gateway").toBe(false);
    for (const chain of ["CLK-F-111", "CLK-I-111"]) await lab.sh("h1", "ip6tables", "-F", chain);
    expect(await stranger("fd00:111::101"), "without the rules").toBe(true);
    const seen = (await lifecycle.read("app-111", dual)).props;
    expect(seen?.problems).toEqual({ h1: ["firewall rules of IPv6 are missing or changed"] });
    const { cidr6: _gone, ...plain } = seen ?? dual;
    app = (await lifecycle.update("app-111", seen ?? dual, plain)).outs;
    expect((await lifecycle.read("app-111", app)).props?.problems).toBeUndefined();
    const left =
      "ip6tables-save | grep -E 'CLK-.-111'; ip -6 addr show dev cnb111 scope global; true";
    expect(await lab.sh("h1", "sh", "-c", left)).toBe("");
    expect(await pingable(lab, "h1", "app-1", "10.111.2.10")).toBeTypeOf("number");
  });

  it("works where the host's own firewall refuses what it does not know", async () => {
    for (const host of ["h1", "h2"])
      await lab.sh(
        host,
        "sh",
        "-c",
        `iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
         iptables -A INPUT -p tcp --dport 22 -j ACCEPT
         iptables -A INPUT -i lo -j ACCEPT
         iptables -A INPUT -j DROP
         iptables -P FORWARD DROP`,
      );
    expect(await pingable(lab, "h1", "app-1", "10.111.2.10")).toBeTypeOf("number");
    const asked = await inContainer(
      lab,
      "h1",
      "app-1",
      "nslookup",
      "_clocker.app.clocker",
      "10.111.1.1",
    );
    expect(asked.text).toContain("10.111.1.1");
  });

  it("changes no global switch and no foreign rule", async () => {
    const foreign = await lab.sh(
      "h1",
      "sh",
      "-c",
      "sysctl -n net.bridge.bridge-nf-call-iptables; iptables-save | grep -c 'dport 22'",
    );
    expect(foreign).toBe("1\n1");
  });
});
