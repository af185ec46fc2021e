import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMON_PART } from "../../../provider/network/program/common.js";
import { IPV6_PART } from "../../../provider/network/program/ipv6.js";
import { POLICY_PART } from "../../../provider/network/program/policy.js";

/** The part of the host's program by itself: the kernel's files are in a folder, `modprobe` and `ip` are played. */
describe("frames on the bridge of a network with a policy", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "clocker-bridge-filter-"));
    mkdirSync(join(folder, "7"));
    writeFileSync(join(folder, "7/policy"), "# 0123abcd\n");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const switchOf = (family: string) => join(folder, `bridge-nf-call-${family}`);
  const FAMILIES = ["iptables", "ip6tables", "arptables"];
  const load = (value: string) => FAMILIES.forEach((each) => writeFileSync(switchOf(each), value));

  function run(fix: 0 | 1, { module = true, bridge = true } = {}) {
    const played = `
      ROOT=${folder} NF_CALL=${folder}/bridge-nf-call vni=7 bridge=cnb7 fix=${fix}
      modprobe() {
        echo "$*" >> ${folder}/modprobed
        ${module ? `for family in ${FAMILIES.join(" ")}; do echo 1 > "$NF_CALL-$family"; done` : "return 1"}
      }
      ip() {
        case "$*" in
          "-d -o link show dev cnb7") echo "cnb7: bridge nf_call_iptables $(cat ${folder}/own 2>/dev/null || echo 0) nf_call_ip6tables 0" ;;
          "link set dev cnb7 type bridge nf_call_iptables 1") ${bridge ? `echo 1 > ${folder}/own` : "return 255"} ;;
          *) return 1 ;;
        esac
      }
      up_bridge_filter`;
    const { stdout, stderr, status } = spawnSync(
      "sh",
      ["-c", COMMON_PART + IPV6_PART + POLICY_PART + played],
      {
        encoding: "utf8",
      },
    );
    return { stdout, stderr, status };
  }
  const fine = { stdout: "", stderr: "", status: 0 };
  const unloaded = "differs the kernel module br_netfilter is not loaded\n";
  const past = "differs frames on the bridge cnb7 pass the firewall by\n";

  it("meet the firewall by a module that is loaded for it, and foreign bridges stay as they were", () => {
    expect(run(1)).toEqual({ ...fine, stdout: unloaded + past });
    expect(readFileSync(join(folder, "modprobed"), "utf8")).toBe("br_netfilter\n");
    for (const family of FAMILIES) expect(readFileSync(switchOf(family), "utf8")).toBe("0\n");
    expect(run(1), "done once").toEqual(fine);
    expect(run(0), "and nothing differs").toEqual(fine);
  });

  it.each(["0\n", "1\n"])(
    "leave the switch of all bridges at %j where the module is there",
    (value) => {
      load(value);
      expect(run(1)).toEqual({ ...fine, stdout: past });
      expect(existsSync(join(folder, "modprobed"))).toBe(false);
      for (const family of FAMILIES) expect(readFileSync(switchOf(family), "utf8")).toBe(value);
    },
  );

  it("are looked at by a check, which changes nothing", () => {
    expect(run(0)).toEqual({ ...fine, stdout: unloaded });
    load("1\n");
    expect(run(0)).toEqual({ ...fine, stdout: past });
    expect(existsSync(join(folder, "own"))).toBe(false);
  });

  it("are an error where they cannot be made to meet it", () => {
    expect(run(1, { module: false })).toEqual({
      status: 4,
      stdout: unloaded,
      stderr:
        "a policy needs the kernel module br_netfilter, and modprobe br_netfilter does not load it: without it containers of one host reach each other past the firewall\n",
    });
    load("0\n");
    expect(run(1, { bridge: false })).toEqual({
      status: 4,
      stdout: past,
      stderr:
        "a policy needs frames on the bridge cnb7 to meet the firewall, and ip link set cnb7 type bridge nf_call_iptables 1 has no effect: the kernel or iproute2 is too old\n",
    });
  });

  it("are no matter where there is no policy", () => {
    rmSync(join(folder, "7/policy"));
    expect(run(1, { module: false })).toEqual(fine);
  });
});
