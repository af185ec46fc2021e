import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMON_PART } from "../../../provider/network/program/common.js";
import { IPV6_PART } from "../../../provider/network/program/ipv6.js";
import { ROUTES_PART } from "../../../provider/network/program/routes.js";
import { WIREGUARD_PART } from "../../../provider/network/wireguard/link.js";

/** The driver's part of the host's program; `wg` and what is about links are played. */
describe("a host's tunnels", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "clocker-wireguard-"));
    mkdirSync(join(folder, "7"));
    writeFileSync(join(folder, "7/wg-1.key"), "private\n");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Links that are there, each with the address that it has. */
  type Links = Partial<Record<"cnw7" | "cnx7", string>>;

  /** What the program asks of `wg`, of the tunnel to a host at `peer`, and which addresses it gives to links. */
  function up(fix: 0 | 1, peer: string, links: Links = { cnw7: "10.7.1.1/32" }): string[] {
    writeFileSync(
      join(folder, "7/config"),
      [
        ...["set keyversion 1", "fact self publickey OURS", "fact self port 51821"],
        ...[`peer ${peer} 10.7.2.0/24`, `fact ${peer} publickey THEIRS`, `fact ${peer} port 51821`],
        "",
      ].join("\n"),
    );
    const played = `
      ROOT=${folder} scratch=${folder} config=${folder}/7/config vni=7 bridge=cnb7 mtu=1420 gateway=10.7.1.1 fix=${fix} peers=${peer}
      up_bridge() { :; }; up_proxy() { :; }; up_switch() { :; }; up_routes_of_both() { :; }
      mtu_of() { echo 1420; }
      ip() {
        for link; do :; done
        case "$*" in
          "addr add"*) echo "ip $*" ;;
          ${Object.entries(links)
            .map(
              ([link, address]) =>
                `*"addr show dev ${link}") echo "5: ${link} inet ${address} " ;;`,
            )
            .join("\n")}
          *"link show dev "*) case " ${Object.keys(links).join(" ")} " in *" $link "*) echo "5: $link: <UP,LOWER_UP>" ;; *) return 1 ;; esac ;;
        esac
      }
      wg() {
        case "$*" in
          pubkey | "show cnw7 public-key") echo OURS ;;
          "show cnw7 listen-port") echo 51821 ;;
          "show cnw7 allowed-ips") cat ${folder}/live 2>/dev/null || true ;;
          *) echo "wg $*"; echo "THEIRS 10.7.2.0/24" > ${folder}/live ;;
        esac
      }
      up_wireguard`;
    const parts = [COMMON_PART, IPV6_PART, ROUTES_PART, WIREGUARD_PART];
    const { stdout, stderr, status } = spawnSync("sh", ["-c", parts.join("") + played], {
      encoding: "utf8",
    });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return stdout.split("\n").filter((line) => line !== "");
  }
  const told = (peer: string) => [
    `differs the tunnel to ${peer} is missing`,
    `wg set cnw7 peer THEIRS endpoint ${peer}:51821 allowed-ips 10.7.2.0/24 persistent-keepalive 25`,
  ];

  it("lead to where a peer is now, whose key and addresses are the same", () => {
    expect(up(1, "192.0.2.2")).toEqual(told("192.0.2.2"));
    const written = () => statSync(join(folder, "7/wg.told"), { bigint: true }).mtimeNs;
    const before = written();
    expect(up(1, "192.0.2.2"), "told once").toEqual([]);
    expect(written(), "and noted once").toBe(before);
    expect(up(0, "198.51.100.2"), "seen by a check").toEqual([told("198.51.100.2")[0]]);
    expect(up(1, "198.51.100.2")).toEqual(told("198.51.100.2"));
    expect(up(0, "198.51.100.2")).toEqual([]);
  });

  // On a link without an address the kernel takes the loose reverse path filter for the strict one.
  it("have the gateway's address on both links while keys change, so that packets may come in by either", () => {
    up(1, "192.0.2.2");
    const both: Links = { cnw7: "", cnx7: "" };
    const given = (link: string) => [
      `differs the link ${link} has no address`,
      `ip addr add 10.7.1.1/32 dev ${link}`,
    ];
    expect(up(1, "192.0.2.2", both)).toEqual([...given("cnw7"), ...given("cnx7")]);
    expect(up(1, "192.0.2.2", { ...both, cnx7: "10.7.1.1/32" })).toEqual(given("cnw7"));
    expect(up(0, "192.0.2.2", both), "seen by a check").toEqual([
      given("cnw7")[0],
      given("cnx7")[0],
      "differs the old keys are still in use",
    ]);
  });
});
