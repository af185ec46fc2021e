import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BOOT_PART } from "../../../provider/network/program/boot.js";
import { NETWORK_PROGRAM } from "../../../provider/network/program/program.js";

/** The whole program as a host runs it at boot, in a folder; the host's commands are played. */
describe("at boot", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "clocker-boot-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function play(command: string, script: string): void {
    mkdirSync(join(folder, "bin"), { recursive: true });
    writeFileSync(join(folder, "bin", command), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "bin", command), 0o755);
  }

  /** A host with one network, whose link cannot be made as the hosts' own network is not there. Returns its program. */
  function hostWithoutLink(): string {
    mkdirSync(join(folder, "net/7"), { recursive: true });
    const program = join(folder, "net/clocker-net");
    writeFileSync(
      program,
      NETWORK_PROGRAM.replace("ROOT=/var/lib/clocker/net", `ROOT=${folder}/net`)
        .replace("RUN=/run/clocker", `RUN=${folder}/run`)
        .replace("LOCK=/run/lock", `LOCK=${folder}`)
        .replace("PATH=$PATH:", `PATH=${folder}/bin:$PATH:`)
        .replaceAll("/proc/sys/net", `${folder}/proc`),
    );
    writeFileSync(
      join(folder, "net/7/config"),
      [
        ...["owner p/s/app", "network app", "driver routed", "vni 7", "bridge cnb7", "link cnl7"],
        ...["port 4789", "cidr 10.7.0.0/16", "prefix 16", "gateway 10.7.1.1"],
        ...["mac 02:42:0a:07:01:01", "underlay 192.0.2.1", "mtu 1500", "domain app.clocker"],
        ...["outbound yes", "peer 192.0.2.2 10.7.2.0/24", ""],
      ].join("\n"),
    );
    for (const [file, value] of [
      ["ipv4/conf/cnb7/proxy_arp", "1"],
      ["ipv4/neigh/cnb7/proxy_delay", "0"],
    ] as const) {
      mkdirSync(join(folder, "proc", file, ".."), { recursive: true });
      writeFileSync(join(folder, "proc", file), `${value}\n`);
    }
    play(
      "ip",
      `case "$*" in
        "-o link show dev cnb7") echo '5: cnb7: <BROADCAST,UP> mtu 1500 \\ link/ether 02:42:0a:07:01:01 alias io.clocker:p/s/app' ;;
        "-o -4 addr show dev cnb7") echo '5: cnb7 inet 10.7.1.1/16 brd 10.7.255.255' ;;
        *"route replace"*) echo 'Error: Nexthop device required' >&2; exit 2 ;;
      esac`,
    );
    play("iptables", 'case " $* " in *" -D "* | *" -S "*) exit 1 ;; esac');
    play("iptables-save", "");
    play("iptables-restore", `cat > ${folder}/restored; echo rules >> ${folder}/order`);
    return program;
  }

  it("the firewall is there although the hosts' own network is not, so that the link cannot be made", () => {
    const program = hostWithoutLink();
    const { status, stderr } = spawnSync("sh", [program, "start"], { encoding: "utf8" });
    expect(status, "and the unit tries again").toBe(1);
    expect(stderr).toContain("Nexthop device required");
    const restored = readFileSync(join(folder, "restored"), "utf8").replaceAll(/ +/g, " ");
    expect(restored).toContain(
      "-A CLK-F-7 ! -i cnb7 -o cnb7 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP",
    );
  });

  it("whoever waits for a router leaves a network alone that has left the host meanwhile", () => {
    const program = hostWithoutLink();
    const { status, stderr } = spawnSync("sh", [program, "tell", "8"], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(existsSync(join(folder, "net/8"))).toBe(false);
  });

  it.each([
    ["a change that goes on", "true", 1, "waits\ndone\nrules\n"],
    ["the network to leave", `rm -r "$1/net/7"`, 0, "waits\ndone\n"],
  ])("it waits for %s on the host", async (_what, change, exit, order) => {
    const program = hostWithoutLink();
    play("flock", `echo waits >> ${folder}/order; PATH=\${PATH#*:} exec flock "$@"`);
    const asked = `until [ -s "$1/order" ]; do sleep 0.02; done; ${change}; echo done >> "$1/order"`;
    const lock = join(folder, "clocker-network.lock");
    const holder = spawn("flock", [lock, "sh", "-c", `echo held; ${asked}`, "sh", folder]);
    await once(holder.stdout, "data");
    expect(spawnSync("sh", [program, "start"]).status).toBe(exit);
    expect(readFileSync(join(folder, "order"), "utf8")).toBe(order);
  });

  it.each([
    ["systemd 252 (252.30-1~deb12u2)", "Restart=on-failure\nRestartSec=5\n"],
    ["systemd 239 (239-78.el8)", ""],
  ])("the unit of %s is one that it takes", (version, more) => {
    const { stdout } = spawnSync(
      "sh",
      ["-c", `systemctl() { echo "${version}"; echo +PAM; }\n${BOOT_PART}\nboot_unit`],
      { encoding: "utf8" },
    );
    expect(stdout).toContain(
      `ExecStart=/bin/sh /var/lib/clocker/net/clocker-net start\n${more}[Install]\nWantedBy=multi-user.target\n`,
    );
  });
});
