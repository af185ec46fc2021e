import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMON_PART } from "../../../provider/network/program/common.js";
import { WEAVE_DNS_PART } from "../../../provider/network/weave/dns.js";

/** What the program on a host tells weaveDNS of network 101, whose three hosts are 192.0.2.1 to .3. */
describe("names that a host tells weaveDNS", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "clocker-weave-dns-"));
    mkdirSync(join(root, "101/names.d"), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const NAMES = [
    "10.101.1.10 web-1.app.weave.local web-1",
    "10.101.2.10 web-2.app.weave.local web-2",
    "10.101.1.10 web.app.weave.local web",
    "10.101.2.10 web.app.weave.local web",
  ];

  function run(host: number, script: string, extra: string[] = [], names = NAMES): string[] {
    const others = [1, 2, 3].filter((number) => number !== host);
    const config = [
      ...[`vni 101`, `gateway 10.101.${host}.1`, `cidr 10.101.0.0/16`, `domain app.weave.local`],
      ...[`underlay 192.0.2.${host}`, `bridge weave`, `set nameserver weave`],
      `set block 10.101.${host}.0/24`,
      ...others.map((number) => `peer 192.0.2.${number} 10.101.${number}.0/24`),
      ...extra,
    ];
    writeFileSync(join(root, "101/config"), config.map((line) => `${line}\n`).join(""));
    writeFileSync(join(root, "101/names"), names.map((line) => `${line}\n`).join(""));
    const { stdout, stderr } = spawnSync(
      "sh",
      ["-c", `${COMMON_PART}${WEAVE_DNS_PART}\nROOT=${root}\nload ${root}/101/config\n${script}`],
      { encoding: "utf8" },
    );
    expect(stderr).toBe("");
    return stdout.split("\n").filter(Boolean);
  }
  const wanted = (host: number, extra?: string[], names?: string[]) =>
    run(host, "weave_dns_wanted", extra, names).filter((line) => !line.startsWith("_clocker."));

  it("are those of its own block, of all plans, and the one that it is asked for itself", () => {
    writeFileSync(
      join(root, "101/names.d/cloud-2"),
      "# 0123abcd\n10.101.2.11 Late.app.weave.local Late\n",
    );
    expect(run(2, "weave_dns_wanted")).toEqual([
      "_clocker.app.weave.local 10.101.2.1",
      "late.app.weave.local 10.101.2.11",
      "web-2.app.weave.local 10.101.2.10",
      "web.app.weave.local 10.101.2.10",
    ]);
    expect(wanted(3)).toEqual([]);
  });

  it("lead to the old container until the new one is ready, whichever host each is on", () => {
    const serving = ["10.101.1.10 web-1.app.weave.local web-1 #10.101.2.12"];
    expect(wanted(1, [], serving)).toEqual(["web-1.app.weave.local 10.101.1.10"]);
    expect(wanted(2, [], serving)).toEqual([]);
  });

  it("are told once where an address lies outside the block of its host, or in none", () => {
    const strays = [
      "10.101.2.77 moved.app.weave.local moved",
      "10.101.9.9 fixed.app.weave.local fixed",
      "10.101.8.8 nowhere.app.weave.local nowhere",
    ];
    const planned = (host: number) => [
      `extra ${host === 1 ? "self" : "192.0.2.1"} 10.101.2.77`,
      `extra ${host === 3 ? "self" : "192.0.2.3"} 10.101.9.9`,
    ];
    expect([1, 2, 3].map((host) => wanted(host, planned(host), strays))).toEqual([
      ["moved.app.weave.local 10.101.2.77", "nowhere.app.weave.local 10.101.8.8"],
      [],
      ["fixed.app.weave.local 10.101.9.9"],
    ]);
  });

  it("are compared with what its router has from it, and with nobody else's", () => {
    const status = [
      "web-1.app    10.101.1.10       clk-101 02:63:c0:00:02:01",
      "Old.app      10.101.1.9        clk-101 02:63:c0:00:02:01",
      "web-2.app    10.101.2.10       clk-101 02:63:c0:00:02:02",
      "other.other  10.102.1.10       clk-102 02:63:c0:00:02:01",
      "dev-web      10.101.1.10  1a2b3c4d5e6f 02:63:c0:00:02:01",
    ];
    const router = `
      weave_ask() { case "$1 $2" in
        "GET /status/dns") printf '%s\\n' ${status.map((line) => `"${line}"`).join(" ")} ;;
        *) echo "$1 $2" ;;
      esac; }
      weave_ask_each() { sed 's/^/asked /'; }
      weave_says() { echo '02:63:c0:00:02:01(h1)'; }`;
    expect(run(1, `${router}\nweave_dns_told`)).toEqual([
      "old.app.weave.local 10.101.1.9",
      "web-1.app.weave.local 10.101.1.10",
    ]);
    const update = `${router}
      weave_runs() { :; }
      dns_answers() { echo "answered $*"; }
      echo 172.17.0.1:53 > $ROOT/101/weave-dns
      fix=1 scratch=$ROOT
      up_weave_dns`;
    expect(run(1, update)).toEqual([
      "differs weaveDNS has not the names of this host",
      "asked PUT /name/clk-101/10.101.1.1?fqdn=_clocker.app.weave.local",
      "asked PUT /name/clk-101/10.101.1.10?fqdn=web.app.weave.local",
      "asked DELETE /name/clk-101/10.101.1.9?fqdn=old.app.weave.local",
      "answered 172.17.0.1 53",
    ]);
  });

  it("are asked for at the gateway, from where the network's own containers are led to the router", () => {
    writeFileSync(join(root, "101/weave-dns"), "172.17.0.1:53\n");
    const rules = run(1, "weave_dns_translated; weave_dns_accepted");
    expect(rules).toEqual(
      ["udp", "tcp"]
        .map(
          (protocol) =>
            `-A CLK-E-101 -i weave -s 10.101.0.0/16 -d 10.101.1.1 -p ${protocol} --dport 53 -j DNAT --to-destination 172.17.0.1:53`,
        )
        .concat(
          ["udp", "tcp"].map(
            (protocol) =>
              `-A CLK-I-101 -i weave -s 10.101.0.0/16 -d 172.17.0.1 -p ${protocol} --dport 53 -m conntrack --ctstate DNAT -j ACCEPT`,
          ),
        ),
    );
  });
});
