import { afterAll, describe, expect, it } from "vitest";
import { dockerNetworkName } from "../../provider/network/names.js";
import type {
  VirtualNetworkInputs,
  VirtualNetworkState,
} from "../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../provider/resources/virtual-network/lifecycle.js";
import { useSink } from "../../provider/progress.js";
import { findCommand } from "../../lab/requirements.js";
import { describeLab, withLab } from "../support/lab.js";
import { closeTransports, networkInputs, traces } from "./support/network-world.js";
import { isAddress, nameServer, type NameServer } from "./support/name-server.js";

const missing = ["named", "dig", "nsupdate", "tsig-keygen"].filter((name) => !findCommand(name));
const describeZone =
  missing.length === 0
    ? describe
    : (title: string, body: () => void) =>
        describe.skip(`${title} (${missing.join(", ")}: packages bind9 and bind9-dnsutils)`, body);

describeLab("a network's names in a zone of BIND", () => {
  describeZone("on three hosts, one of which has the name server", () => {
    const lab = withLab("zone", { hosts: 3 });
    let bind: NameServer;
    let app: VirtualNetworkInputs;
    let state: VirtualNetworkState;
    const id = dockerNetworkName("app", 101);
    const put = async (inputs: VirtualNetworkInputs): Promise<void> => {
      state = (await lifecycle.update(id, state, inputs)).outs;
    };
    const problems = async () => (await lifecycle.read(id, state)).props?.problems;

    afterAll(closeTransports);

    it("has them forward and reverse when up is done, beside what others have there", async () => {
      bind = await nameServer(lab, "h3");
      app = networkInputs(lab, "app", {
        vni: 101,
        net: "10.101",
        cidr6: "fd00:101::/64",
        hostNames: ["h1", "h2"],
        zone: bind.zone,
        records: {
          web: ["10.101.1.10", "fd00:101::10a", "10.101.2.10", "fd00:101::20a"],
          "web-1": ["10.101.1.10", "fd00:101::10a"],
        },
      });
      state = (await lifecycle.create(app)).outs;
      expect(await bind.look("web.corp.example")).toEqual(["10.101.1.10", "10.101.2.10"]);
      expect(await bind.look("web-1.corp.example")).toEqual(["10.101.1.10"]);
      expect(await bind.look("10.101.1.10")).toEqual(["web-1.corp.example."]);
      expect(await bind.look("10.101.2.10")).toEqual(["web.corp.example."]);
      expect(await bind.look("fd00:101::20a")).toEqual(["web.corp.example."]);
      expect(await bind.look("mail.corp.example")).toEqual(["192.0.2.25"]);
      expect(await problems()).toBeUndefined();
    });

    it("has followed a move when up is done, and dropped what is gone", async () => {
      const moved = { web: ["10.101.2.11"] };
      await put({ ...app, records: moved });
      expect(await bind.look("web.corp.example")).toEqual(["10.101.2.11"]);
      expect(await bind.look("web-1.corp.example")).toEqual([]);
      for (const address of ["10.101.1.10", "fd00:101::10a"])
        expect(await bind.look(address)).toEqual([]);
      expect(await bind.look("10.101.2.11")).toEqual(["web.corp.example."]);
      await put(app);
    });

    it("a record that somebody removed shows in a refresh, and the next up brings it back", async () => {
      await bind.change("update delete web-1.corp.example. A");
      expect(await problems()).toEqual({
        h1: ["the zone corp.example has other records: web-1.corp.example."],
        h2: ["the zone corp.example has other records: web-1.corp.example."],
      });
      state = { ...state, problems: { h1: ["seen"] } };
      await put(app);
      expect(await problems()).toBeUndefined();
    });

    it("a name that somebody else has is refused and stays theirs", async () => {
      await expect(
        put({ ...app, records: { ...app.records, mail: ["10.101.1.10"] } }),
      ).rejects.toThrow(
        `the zone corp.example on ${bind.zone.server} has mail.corp.example. already, and it is not ours`,
      );
      expect(await bind.look("mail.corp.example")).toEqual(["192.0.2.25"]);
      state = { ...state, problems: { h1: ["seen"], h2: ["seen"] } };
      await put(app);
    });

    it("a wrong key is said at once", async () => {
      const key = {
        ...bind.zone.key,
        secret: Buffer.from("another secret, as long").toString("base64"),
      };
      await expect(put({ ...app, zone: { ...bind.zone, key } })).rejects.toThrow(
        `the name server ${bind.zone.server} does not hand out the zone corp.example: `,
      );
      state = { ...state, problems: { h1: ["seen"], h2: ["seen"] } };
      await put(app);
    });

    it("a dead server is noticed at once", async () => {
      await bind.stop();
      const start = Date.now();
      await expect(put({ ...app, records: { web: ["10.101.1.12"] } })).rejects.toThrow(
        `the name server ${bind.zone.server} does not answer on port 53`,
      );
      expect(Date.now() - start).toBeLessThan(10_000);
      state = { ...state, problems: { h1: ["seen"], h2: ["seen"] } };
    });

    it("a server that is gone can be left, with a warning of what stays there", async () => {
      const warnings: string[] = [];
      useSink((_urn, message, { warn }) => void (warn && warnings.push(message)));
      const { zone: _zone, ...alone } = app;
      await put(alone);
      useSink();
      const stays = (host: string, zone: string) =>
        `host ${host}: the name server ${bind.zone.server} does not answer on port 53: the network's names stay in the zone ${zone} there`;
      expect(warnings.sort()).toEqual(
        ["h1", "h2"].flatMap((host) => [
          stays(host, bind.zone.reverseZone6),
          stays(host, bind.zone.reverseZone),
          stays(host, bind.zone.zone),
        ]),
      );
      await bind.start();
      await put({ ...app, zone: { ...bind.zone, ttl: 7 } });
      expect(
        await lab.sh(
          "h3",
          "dig",
          `@${bind.zone.server}`,
          "+noall",
          "+answer",
          "web-1.corp.example",
        ),
      ).toMatch(/^web-1\.corp\.example\.\s+7\s/);
      await put(app);
      expect(await problems()).toBeUndefined();
    });

    it("without the zone, and after the network, nothing of it is left", async () => {
      const { zone: _zone, ...alone } = app;
      await put(alone);
      expect(await bind.names()).toEqual(bind.others);
      expect(await lab.sh("h1", "sh", "-c", "ls /var/lib/clocker/net/101")).not.toContain(
        "secrets",
      );
      await put(app);
      expect(await bind.look("web-1.corp.example")).toEqual(["10.101.1.10"]);
      const mode = await lab.sh("h1", "stat", "-c", "%a %U", "/var/lib/clocker/net/101/secrets");
      expect(mode.trim()).toBe("600 root");
      await lifecycle.delete(id, state);
      expect(await bind.names()).toEqual(bind.others);
      expect(await traces(lab, "h1")).toBe(await traces(lab, "h2"));
      expect(await traces(lab, "h1")).not.toContain("101");
    });

    describe("that hosts of the network serve", () => {
      const zone = {
        hosts: ["h1", "h2"],
        zone: "own.example",
        reverseZone: "101.10.in-addr.arpa",
        reverseZone6: "1.0.1.0.0.0.d.f.ip6.arpa",
      };
      const key = "/var/lib/bind/clocker-101/key";

      /** What each server says, asked from a host that has none. */
      const look = async (asked: string, ...servers: string[]) =>
        Promise.all(
          (servers.length === 0 ? zone.hosts : servers).map(async (host) => {
            const words = isAddress(asked) ? ["-x", asked] : [asked];
            const at = `@${lab.host(host).address}`;
            const text = await lab.sh("h3", "dig", at, "+short", "+time=1", "+tries=1", ...words);
            return text.trim().split("\n").sort().join(" ");
          }),
        );
      const namedOn = async (host: string) =>
        (await lab.sh(host, "sh", "-c", "ps -eo args | grep '^[^ ]*named' || true")).trim();

      it("has them forward and reverse on every server, each with a key that stays on its host", async () => {
        app = { ...app, zone, hosts: networkInputs(lab, "app", { vni: 101, net: "10.101" }).hosts };
        state = (await lifecycle.create(app)).outs;
        const both = (answer: string) => [answer, answer];
        expect(await look("web.own.example")).toEqual(both("10.101.1.10 10.101.2.10"));
        for (const address of ["10.101.1.10", "fd00:101::10a"])
          expect(await look(address)).toEqual(both("web-1.own.example."));
        expect(await look("clocker-ns2.own.example")).toEqual(both(lab.host("h2").address));
        const keys = await Promise.all(zone.hosts.map((host) => lab.sh(host, "cat", key)));
        expect(keys[0]).toMatch(
          /^key "clocker" \{ algorithm hmac-sha256; secret "[\w+/]{43}="; \};$/,
        );
        expect(keys[1]).not.toBe(keys[0]);
        for (const text of keys)
          expect(JSON.stringify(state)).not.toContain(/secret "(.*)"/.exec(text)![1]);
        expect(await lab.sh("h1", "stat", "-c", "%a %U:%G", key)).toBe("640 root:bind");
        expect(await problems()).toBeUndefined();
      });

      it("has followed a move when up is done, and takes no update of anybody's", async () => {
        await put({ ...app, records: { web: ["10.101.2.11"] } });
        expect(await look("web.own.example")).toEqual(["10.101.2.11", "10.101.2.11"]);
        expect(await look("web-1.own.example")).toEqual(["", ""]);
        expect(await look("10.101.1.10")).toEqual(["", ""]);
        const forged = `server ${lab.host("h1").address}\nupdate add x.own.example. 1 A 192.0.2.1\nsend\n`;
        const refused = await lab.exec("h3", ["nsupdate"], forged);
        expect(refused.stderr).toContain("REFUSED");
        await put(app);
      });

      it("that died or lost a record shows in a refresh, comes back with the next up, and by itself after a power cut", async () => {
        const [at] = [lab.host("h1").address];
        const change = `server ${at}\nupdate delete web-1.own.example. A\nsend\n`;
        expect((await lab.exec("h1", ["nsupdate", "-k", key], change)).code).toBe(0);
        const bySystemd = (await lab.exec("h2", ["test", "-d", "/run/systemd/system"])).code === 0;
        const pid = bySystemd
          ? "systemctl show --property MainPID --value clocker-zone-101"
          : "cat /run/clocker/zone-101.pid";
        await lab.sh("h2", "sh", "-c", `kill $(${pid})`);
        await expect.poll(problems, { timeout: 20_000 }).toEqual({
          h1: ["the zone own.example has other records: web-1.own.example."],
          // systemd does not wait for an up
          ...(bySystemd ? {} : { h2: ["the zone's name server is not running"] }),
        });
        state = { ...state, problems: { h1: ["seen"], h2: ["seen"] } };
        await put(app);
        expect(await problems()).toBeUndefined();
        await lab.restart("h2");
        await closeTransports();
        await expect
          .poll(() => look("web-1.own.example").catch(() => []), { timeout: 20_000 })
          .toEqual(["10.101.1.10", "10.101.1.10"]);
      });

      it("is refused where the port is somebody's, and moves to other hosts", async () => {
        await expect(put({ ...app, zone: { ...zone, hosts: ["h3"] } })).rejects.toThrow(
          `port 53 of ${lab.host("h3").address}, at which the zone own.example is to be asked for, is in use by the process named`,
        );
        state = { ...state, problems: { h1: ["seen"], h2: ["seen"], h3: ["seen"] } };
        await put({ ...app, zone: { ...zone, hosts: ["h2", "h3"], port: 5353 } });
        expect(await namedOn("h1")).toBe("");
        const at = `@${lab.host("h3").address}`;
        expect(await lab.sh("h1", "dig", "-p", "5353", at, "+short", "web-1.own.example")).toBe(
          "10.101.1.10",
        );
      });

      it("is gone without the zone, and with the network", async () => {
        const { zone: _zone, ...alone } = app;
        await put(alone);
        expect(await namedOn("h2")).toBe("");
        await put(app);
        expect(await look("web-1.own.example")).toEqual(["10.101.1.10", "10.101.1.10"]);
        await lifecycle.delete(id, state);
        for (const host of ["h1", "h2"]) {
          expect(await namedOn(host)).toBe("");
          expect(
            await lab.sh(host, "sh", "-c", "ls -d /var/lib/bind/clocker-* 2>/dev/null || true"),
          ).toBe("");
        }
        expect(await traces(lab, "h1")).toBe(await traces(lab, "h2"));
      });
    });
  });
});
