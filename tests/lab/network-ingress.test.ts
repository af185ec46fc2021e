import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  NetworkIngressInputs,
  NetworkIngressState,
  OpenPort,
} from "../../provider/resources/network-ingress/inputs.js";
import { observeHost } from "../../provider/host/observe.js";
import { networkIngressLifecycle as ingress } from "../../provider/resources/network-ingress/lifecycle.js";
import { networkPolicyLifecycle as policies } from "../../provider/resources/network-policy/lifecycle.js";
import type { VirtualNetworkState } from "../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as networks } from "../../provider/resources/virtual-network/lifecycle.js";
import { describeLab, withLab } from "../support/lab.js";
import {
  bothOf,
  closeTransports,
  get,
  inContainer,
  networkInputs,
  runContainer,
  webServer,
} from "./support/network-world.js";

describeLab("a port that is open on every host", () => {
  const lab = withLab("net-ingress", { hosts: 3 });
  afterAll(closeTransports);

  describe.each([
    { driver: "vxlan", vni: 141, net: "10.141", mtu: 1450 },
    { driver: "wireguard", vni: 142, net: "10.142", mtu: 1440 },
  ] as const)("over $driver", ({ driver, vni, net, mtu }) => {
    const cidr6 = `fd00:${vni}::/64`;
    const network = () => networkInputs(lab, "app", { driver, vni, net, mtu, cidr6 });
    let joined: VirtualNetworkState;
    let opened: { id: string; outs: NetworkIngressState };
    const before: string[] = [];

    const target = (host: string, port = 7000) => ({
      ...{ container: `web-${host.slice(1)}`, host, port },
      address: `${net}.${host.slice(1)}.10`,
    });
    const wanted = (ports: OpenPort[]): NetworkIngressInputs => ({
      ...network(),
      meta: { project: "p", stack: "s", name: "cloud:app", urn: "" },
      network: "app",
      plan: "cloud",
      ports,
    });
    const web = (...hosts: string[]): OpenPort => ({
      ...{ hostPort: 8080, protocol: "tcp" },
      targets: hosts.map((host) => target(host)),
    });
    const change = async (...ports: OpenPort[]) => {
      opened.outs = (await ingress.update(opened.id, opened.outs, wanted(ports))).outs;
    };

    /** What a host answers on its port 8080 from outside; undefined for nothing. */
    const ask = async (host: string, page = "name") => {
      const url = `http://${lab.host(host).address}:8080/cgi-bin/${page}`;
      try {
        const answer = await fetch(url, {
          signal: AbortSignal.timeout(5000),
          headers: { connection: "close" },
        });
        return (await answer.text()).trim();
      } catch {
        return undefined;
      }
    };
    const everywhere = (page?: string) =>
      Promise.all(["h1", "h2", "h3"].map((host) => ask(host, page)));

    /** Who has ports of a host beside its containers. */
    const takenPorts = async (host: string) => {
      const seen = await observeHost(lab.connection(host), { ports: true });
      return (seen.taken ?? []).map(({ first, last, protocol, by }) => [
        `${first}-${last}/${protocol}`,
        by,
      ]);
    };
    const rules = () =>
      Promise.all(
        lab.hosts.map(({ name }) =>
          lab.sh(
            ...([name, "sh", "-c"] as const),
            "for each in iptables ip6tables; do $each-save | grep -E 'CLOCKER-PORTS|CLK-E|8080'; done; true",
          ),
        ),
      );

    beforeAll(async () => {
      joined = (await networks.create(network())).outs;
      before.push(...(await rules()));
      await Promise.all(
        ["h1", "h2"].map(async (host) => {
          await runContainer(
            ...([lab, host, `web-${host.slice(1)}`, joined, target(host).address] as const),
            ...["--restart", "always"],
          );
          await webServer(lab, host, `web-${host.slice(1)}`);
          const said = `printf '#!/bin/sh\\necho\\necho web-${host.slice(1)}\\n' > /tmp/www/cgi-bin/name; chmod +x /tmp/www/cgi-bin/name`;
          await inContainer(lab, host, `web-${host.slice(1)}`, "sh", "-c", said);
        }),
      );
    });

    it("is answered on hosts without a container too, and by the one host's own with the asker's address", async () => {
      opened = await ingress.create(wanted([web("h1")]));
      expect(await everywhere()).toEqual(["web-1", "web-1", "web-1"]);
      expect(await everywhere("who")).toEqual([
        lab.inventory.gateway, // its own container: who asks is seen
        `${net}.2.1`,
        `${net}.3.1`,
      ]);
      const local = await lab.exec("h3", [
        "bash",
        ...get(`http://${lab.host("h3").address}:8080/cgi-bin/name`).slice(1),
      ]);
      expect(local.stdout.trim(), "a program of the host").toBe("web-1");
    });

    /** What h3 is told on port 8080 of a host, at the IPv6 address that hosts have beside the network. */
    const LAN6 = "fd00:77::";
    const ask6 = async (host: string, page = "name") => {
      const url = [
        "bash",
        ...get(`http://[${LAN6}${host.slice(1)}]:8080/cgi-bin/${page}`).slice(1),
      ];
      return (await lab.exec("h3", url)).stdout.trim();
    };

    it("is answered at the hosts' IPv6 addresses too", async () => {
      for (const { name } of lab.hosts)
        await lab.sh(
          name,
          "ip",
          "addr",
          "replace",
          `${LAN6}${name.slice(1)}/64`,
          "dev",
          "eth0",
          "nodad",
        );
      for (const host of ["h1", "h2", "h3"]) expect(await ask6(host), host).toBe("web-1");
      expect(await ask6("h1", "who"), "its own container: who asks is seen").toBe(`${LAN6}3`);
      expect(await ask6("h2", "who")).toBe(bothOf(network(), `${net}.2.1`)[1]);
    });

    it("is answered by all containers in turn, and follows the plan without touching them", async () => {
      const ids = () => lab.sh("h1", "docker", "inspect", "-f", "{{.State.Pid}}", "web-1");
      const id = await ids();
      await change(web("h1", "h2"));
      const answers: (string | undefined)[] = [];
      for (let round = 0; round < 4; round++) answers.push(await ask("h3"));
      expect(answers.filter((answer) => answer === "web-1")).toHaveLength(2);
      expect(answers.filter((answer) => answer === "web-2")).toHaveLength(2);
      await change(web("h2"));
      expect(await everywhere()).toEqual(["web-2", "web-2", "web-2"]);
      expect(await ids()).toBe(id);
      expect((await ingress.read(opened.id, opened.outs)).props).toEqual(opened.outs);
    });

    it("is found on the hosts by containers of the network; on its own host another one answers than who asks", async () => {
      const asks = (from: string, host: string) => {
        const url = `http://${lab.host(host).address}:8080/cgi-bin/name`;
        return inContainer(lab, from, `web-${from.slice(1)}`, ...get(url));
      };
      expect((await asks("h1", "h1")).text.trim()).toBe("web-2");
      expect((await asks("h1", "h2")).text.trim()).toBe("web-2");
      expect((await asks("h2", "h3")).text.trim(), "itself, by another host").toBe("web-2");
      expect((await asks("h2", "h2")).text).toContain("Connection refused");
      await change(web("h1", "h2"));
      for (let round = 0; round < 3; round++)
        expect((await asks("h2", "h2")).text.trim()).toBe("web-1");
      await change(web("h2"));
    });

    it("is closed and opened by a policy wherever it is entered", async () => {
      const policy = (more: object) => ({
        ...network(),
        meta: { project: "p", stack: "s", name: "segments", urn: "" },
        ...{ network: "app", isolate: "applications" as const, outside: "closed" as const },
        rules: [],
        members: ["h1", "h2"].map((host) => ({
          ...{ name: `web-${host.slice(1)}`, application: host, service: "web", host },
          address: target(host).address,
          ingress: true,
        })),
        ...more,
      });
      const { id, outs } = await policies.create(policy({}));
      expect(await everywhere()).toEqual([undefined, undefined, undefined]);
      expect([await ask6("h1"), await ask6("h2")]).toEqual(["", ""]);
      const rules = [`${lab.inventory.gateway}/32`, `${LAN6}3/128`].map((cidr) => ({
        ...{ from: { cidr }, to: { service: "web" }, ports: ["7000"] },
      }));
      const next = await policies.update(id, outs, policy({ rules }));
      expect(await everywhere()).toEqual(["web-2", "web-2", "web-2"]);
      expect([await ask6("h1"), await ask6("h2")]).toEqual(["web-2", "web-2"]);
      await policies.delete(id, next.outs);
    });

    it("is refused where a process of the host or another network has the port", async () => {
      await lab.sh("h3", "sh", "-c", "busybox httpd -p 8081 -h /tmp");
      const other = { hostPort: 8081, protocol: "tcp" as const, targets: [target("h1")] };
      await expect(ingress.create({ ...wanted([other]), plan: "cloud-2" })).rejects.toThrow(
        /the ports of network app are not open on all hosts.*host h3: cannot open the ports of network app: a process of the host listens on port 8081\/tcp/s,
      );
      const theirs = "/var/lib/clocker/net/9999";
      await lab.sh(
        ...(["h1", "sh", "-c"] as const),
        `mkdir -p ${theirs}/ports.d; echo 'owner q/s/other' > ${theirs}/config; echo 'tcp 8082 10.9.0.2 80 here' > ${theirs}/ports.d/c`,
      );
      const taken = { hostPort: 8082, protocol: "tcp" as const, targets: [target("h1")] };
      await expect(ingress.create({ ...wanted([taken]), plan: "cloud-3" })).rejects.toThrow(
        /host h1: cannot open the ports of network app: port 8082\/tcp is open for the network of q\/s\/other/,
      );
      const had = await takenPorts("h1");
      expect(had).toContainEqual(["8082-8082/tcp", "network q/s/other"]);
      expect(had).toContainEqual(["8080-8080/tcp", "network p/s/app"]);
      expect(await takenPorts("h3")).toContainEqual(["8081-8081/tcp", "the process busybox"]);
      await lab.sh("h1", "rm", "-r", theirs);
    });

    it("shows who has a port to a look at the host, so that previews refuse it", async () => {
      const foreign =
        "iptables -t nat -A PREROUTING -p tcp --dport 8083 -j DNAT --to-destination 10.9.0.2:80; nft add table inet theirs; nft 'add chain inet theirs pre { type nat hook prerouting priority -100; }'; nft add rule inet theirs pre tcp dport 8084-8085 dnat ip to 10.9.0.2";
      await lab.sh("h2", "sh", "-c", foreign);
      const had = await takenPorts("h2");
      expect(had).toContainEqual([
        "8083-8083/tcp",
        "a rule of the host's firewall (chain PREROUTING)",
      ]);
      expect(had).toContainEqual([
        "8084-8085/tcp",
        "a rule of the host's firewall (table inet theirs)",
      ]);
      await lab.sh(
        ...(["h2", "sh", "-c"] as const),
        "iptables -t nat -D PREROUTING -p tcp --dport 8083 -j DNAT --to-destination 10.9.0.2:80; nft delete table inet theirs",
      );
    });

    it("has more answers by a later plan of the program, until that is gone", async () => {
      const more = await ingress.create({ ...wanted([web("h1")]), plan: "cloud-2" });
      expect([await ask("h3"), await ask("h3")].sort()).toEqual(["web-1", "web-2"]);
      await ingress.delete(more.id, more.outs);
      expect([await ask("h3"), await ask("h3")]).toEqual(["web-2", "web-2"]);
    });

    it("what was lost is found by a refresh, and a power cut loses nothing", async () => {
      await lab.sh("h1", "iptables", "-t", "nat", "-F", `CLK-E-${vni}`);
      const seen = (await ingress.read(opened.id, opened.outs)).props!;
      expect(seen.problems).toEqual({ h1: ["firewall rules are missing or changed"] });
      opened.outs = (await ingress.update(opened.id, seen, wanted([web("h2")]))).outs;
      expect(await ask("h1")).toBe("web-2");
      await lab.restart("h3");
      await closeTransports();
      await expect.poll(() => ask("h3"), { timeout: 20_000 }).toBe("web-2");
    });

    it("is closed at the end, and leaves no rule", async () => {
      await ingress.delete(opened.id, opened.outs);
      expect(await everywhere()).toEqual([undefined, undefined, undefined]);
      expect(await ingress.read(opened.id, opened.outs)).toEqual({});
      await Promise.all(
        lab.hosts.map(({ name }) =>
          lab.sh(name, "sh", "-c", "docker rm -f $(docker ps -aq) >/dev/null 2>&1 || true"),
        ),
      );
      await networks.delete(`app-${vni}`, joined);
      expect(await rules()).toEqual(before);
    });
  });
});
