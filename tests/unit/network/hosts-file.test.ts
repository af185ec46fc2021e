import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMON_PART } from "../../../provider/network/program/common.js";
import { HOSTS_PART } from "../../../provider/network/dns/hosts-file.js";

const NAMES = "10.42.0.2 web-0.app.clocker web-0\n10.42.0.3 gate.app.clocker gate\n";

describe("the network's names in a machine's hosts file", () => {
  let root: string;
  const hosts = () => readFileSync(join(root, "hosts"), "utf8");

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "clocker-hosts-"));
    execFileSync("mkdir", ["-p", join(root, "net/42/names.d"), join(root, "scratch")]);
    writeFileSync(join(root, "net/42/names"), NAMES);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** Runs a function of the program for the network app with VNI 42, on a machine of that host name. */
  function call(name: string, fix: 0 | 1): string {
    const setting = `ROOT=$1/net HOSTS_FILE=$1/hosts vni=42 network=app fix=${fix}; scratch=$1/scratch
      hostname() { echo metal; }`;
    const program = `${COMMON_PART}\n${HOSTS_PART}\n${setting}\n${name}`;
    return execFileSync("sh", ["-c", program, "sh", root], { encoding: "utf8" });
  }

  it("stand between marks, after what others wrote, whose short names stay theirs", () => {
    writeFileSync(join(root, "hosts"), "127.0.0.1 localhost\n192.0.2.7\tgate.lan  GATE # router\n");
    writeFileSync(
      join(root, "net/42/names.d/cloud-2"),
      "# mark\n10.42.0.9 metal.app.clocker metal\n",
    );
    expect(call("up_hosts", 1)).toBe(
      `differs the network's names in ${root}/hosts are missing or changed\n`,
    );
    expect(hosts()).toBe(
      [
        "127.0.0.1 localhost",
        "192.0.2.7\tgate.lan  GATE # router",
        "# begin network app (42) of pulumi-clocker",
        "10.42.0.2 web-0.app.clocker web-0",
        "10.42.0.3 gate.app.clocker",
        "10.42.0.9 metal.app.clocker",
        "# end network app (42) of pulumi-clocker",
        "",
      ].join("\n"),
    );
    expect(statSync(join(root, "hosts")).mode & 0o777).toBe(0o644);
  });

  it("are written once, are seen to differ without being touched, and go alone", () => {
    const before = "127.0.0.1 localhost\n";
    writeFileSync(join(root, "hosts"), before);
    call("up_hosts", 1);
    const made = hosts();
    expect(call("up_hosts", 1)).toBe("");
    writeFileSync(join(root, "hosts"), made.replace("10.42.0.2", "10.42.0.99"));
    expect(call("up_hosts", 0)).toContain("are missing or changed");
    expect(hosts()).toContain("10.42.0.99");
    call("up_hosts", 1);
    expect(hosts()).toBe(made);
    writeFileSync(join(root, "hosts"), `${made}192.0.2.9 later\n`);
    call("down_hosts", 1);
    expect(hosts()).toBe(`${before}192.0.2.9 later\n`);
  });

  it.each(["begin", "end"])(
    "take nothing of others with them where the %s mark is gone",
    (mark) => {
      writeFileSync(join(root, "hosts"), "127.0.0.1 localhost\n");
      call("up_hosts", 1);
      const cut = hosts().replace(`# ${mark} network app (42) of pulumi-clocker\n`, "");
      writeFileSync(join(root, "hosts"), `${cut}192.0.2.9 later\n`);
      call("up_hosts", 1);
      expect(hosts()).toContain("127.0.0.1 localhost\n");
      expect(hosts()).toContain("192.0.2.9 later\n");
      expect(hosts()).toMatch(/# begin [^#]*10\.42\.0\.2 web-0\.app\.clocker\n[^#]*# end /);
      call("down_hosts", 1);
      expect(hosts()).not.toContain("#");
      expect(hosts()).toContain("192.0.2.9 later\n");
    },
  );
});
