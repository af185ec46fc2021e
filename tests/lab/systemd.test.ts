import { afterAll, afterEach, expect, it } from "vitest";
import { systemdObstacle } from "../../lab/index.js";
import { findCommand } from "../../lab/requirements.js";
import { buildTestImage, loadImages } from "../../lab/images/index.js";
import { closeTransports } from "../../provider/host/pool.js";
import { dockerNetworkName } from "../../provider/network/names.js";
import { useSink } from "../../provider/progress.js";
import { dockerHost } from "../../provider/index.js";
import { DEFAULTS } from "../../provider/resources/docker-host/check.js";
import type { DockerHostInputs } from "../../provider/resources/docker-host/inputs.js";
import type {
  VirtualNetworkInputs,
  VirtualNetworkState,
} from "../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as virtualNetwork } from "../../provider/resources/virtual-network/lifecycle.js";
import { describeLab, IMAGE_CACHE, withLab } from "../support/lab.js";
import { networkInputs, pingable, runContainer, traces } from "./support/network-world.js";

/** What Ubuntu says of itself. */
const UBUNTU = `PRETTY_NAME="Ubuntu 24.04.1 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
ID=ubuntu
ID_LIKE=debian
`;

const BOOT_MS = 60_000;

const HOSTS = ["h1", "h2"];
/** On the network without Docker, as a NetworkMember is. */
const MACHINE = { name: "h3", alias: "erp", address: "10.101.255.254" };
/** What a network could leave there. */
const MACHINE_TRACES =
  "ls -A /var/lib/clocker 2>/dev/null; cat /etc/hosts; iptables-save | grep -E 'CLK-|CLOCKER'; ip -o link | grep -oE 'cn[bvx][0-9]+'; true";

let said: string[] = [];
useSink((_urn, message) => said.push(message));
afterEach(() => {
  said = [];
});

const describeSystemd = systemdObstacle() === undefined ? describeLab : describeLab.skip;
if (systemdObstacle() !== undefined) console.warn(`skipped: ${systemdObstacle()}`);

describeSystemd("hosts with systemd", () => {
  const lab = withLab("systemd", { hosts: 3, bare: ["h2", "h3"], init: "systemd", image: false });
  let app: VirtualNetworkInputs;
  let made: VirtualNetworkState;
  let before: string[];
  afterAll(closeTransports);

  const inputsFor = (host: string): DockerHostInputs => ({
    meta: { project: "p", stack: "s", name: host, urn: "" },
    access: lab.connection(host),
    ...structuredClone(DEFAULTS),
  });
  const systemctl = async (host: string, ...argv: string[]): Promise<string> =>
    (await lab.exec(host, ["systemctl", ...argv])).stdout.trimEnd();
  /** Our units: those that are loaded, and those with a file. */
  const units = async (host: string): Promise<string> =>
    [
      await systemctl(host, "list-units", "--all", "--plain", "--no-legend", "clocker*"),
      await systemctl(host, "list-unit-files", "--no-legend", "clocker*"),
    ].join("\n");

  /** Everything that a network could leave. */
  const remains = async (host: string): Promise<string> =>
    [
      host === MACHINE.name
        ? await lab.sh(host, "sh", "-c", MACHINE_TRACES)
        : await traces(lab, host),
      await units(host),
    ].join("\n");
  const idOfApp = (): string => dockerNetworkName(app.networkId, app.vni);
  /** What a refresh finds, which the next update puts right. */
  const problems = async (): Promise<VirtualNetworkState["problems"]> => {
    made = (await virtualNetwork.read(idOfApp(), made)).props ?? made;
    return made.problems ?? {};
  };
  /** By name, from either side. */
  const reachEachOther = async (): Promise<void> => {
    for (const [host, from, to] of [
      ["h1", "app-1", "app-2"],
      ["h2", "app-2", "app-1"],
      ["h1", "app-1", MACHINE.alias],
    ] as const)
      expect(await pingable(lab, host, from, to, BOOT_MS), `${from} -> ${to}`).toBeTypeOf("number");
    await lab.sh(MACHINE.name, "ping", "-c", "1", "-W", "1", "app-2.app.clocker");
  };

  it("boot to the end, with nothing that failed", async () => {
    for (const { name } of lab.hosts) {
      expect(await lab.sh(name, "cat", "/proc/1/comm")).toBe("systemd");
      await expect
        .poll(() => systemctl(name, "is-system-running"), { timeout: BOOT_MS })
        .not.toMatch(/starting|initializing/);
      expect(await systemctl(name, "--failed", "--plain", "--no-legend")).toBe("");
    }
    expect(await lab.sh("h1", "docker", "info", "-f", "{{.Name}}")).toBe("h1");
  });

  it("are prepared through their units: one that has Docker, and an Ubuntu that has none", async () => {
    await lab.exec("h2", ["sh", "-c", "rm /etc/os-release && cat > /etc/os-release"], UBUNTU);
    const [present, installed] = await Promise.all(
      ["h1", "h2"].map((host) => dockerHost.create(inputsFor(host))),
    );
    expect(present?.outs.facts.hostname).toBe("h1");
    expect(installed?.outs.facts).toMatchObject({ hostname: "h2", os: "Ubuntu 24.04.1 LTS" });
    expect(said.join("\n")).toContain("installing docker.io");
    for (const host of ["h1", "h2"]) {
      expect(await systemctl(host, "is-enabled", "docker", "containerd")).toBe("enabled\nenabled");
      expect(await lab.sh(host, "cat", "/etc/docker/daemon.json")).toContain("max-size");
      const pid = await systemctl(host, "show", "--property", "MainPID", "--value", "docker");
      await dockerHost.create(inputsFor(host));
      expect(await systemctl(host, "show", "--property", "MainPID", "--value", "docker")).toBe(pid);
    }
  });

  it("start a daemon that was stopped", async () => {
    await lab.sh("h1", "systemctl", "stop", "docker.socket", "docker.service");
    await dockerHost.create(inputsFor("h1"));
    expect(await systemctl("h1", "is-active", "docker")).toBe("active");
  });

  it("get settings back that the daemon starts with, after systemd gave up on it", async () => {
    const bad = JSON.stringify({ "log-opts": { "no-such-option": "x" } });
    const good = await lab.sh("h1", "cat", "/etc/docker/daemon.json");
    await lab.exec("h1", ["sh", "-c", "cat > /etc/docker/daemon.json"], bad);
    await expect(dockerHost.create(inputsFor("h1"))).rejects.toThrow(
      "host h1: Docker did not start with log rotation; its settings are as before",
    );
    expect(await lab.sh("h1", "cat", "/etc/docker/daemon.json")).toBe(bad);
    await lab.exec("h1", ["sh", "-c", "cat > /etc/docker/daemon.json"], good);
    await dockerHost.create(inputsFor("h1"));
    expect(await systemctl("h1", "is-active", "docker")).toBe("active");
  });

  it("carry a network, its containers and a machine without Docker", async () => {
    const withDocker = lab.hosts.filter(({ name }) => HOSTS.includes(name));
    await loadImages([await buildTestImage(IMAGE_CACHE)], withDocker);
    before = await Promise.all(lab.hosts.map((host) => remains(host.name)));
    app = networkInputs(lab, "app", {
      vni: 101,
      net: "10.101",
      hostNames: HOSTS,
      records: {
        ...{ "app-1": ["10.101.1.10"], "app-2": ["10.101.2.10"] },
        [MACHINE.alias]: [MACHINE.address],
      },
    });
    app.hosts.push({
      ...{ name: MACHINE.name, connection: lab.connection(MACHINE.name), machine: true },
      ...{ block: `${MACHINE.address}/32`, gateway: MACHINE.address },
      underlay: lab.host(MACHINE.name).address,
    });
    made = (await virtualNetwork.create(app)).outs;
    await Promise.all(
      HOSTS.map((name, i) =>
        runContainer(
          lab,
          name,
          `app-${i + 1}`,
          app,
          `10.101.${i + 1}.10`,
          ...["--restart", "always", "--dns", `10.101.${i + 1}.1`, "--dns-search", "app.clocker"],
        ),
      ),
    );
    await reachEachOther();
    for (const name of HOSTS)
      expect(await units(name)).toMatch(
        /^clocker-dns-101\.service +loaded active +running .*\nclocker-net\.service +loaded inactive .*\nclocker-dns-101\.service +transient.*\nclocker-net\.service +enabled /,
      );
    expect(await problems()).toEqual({});
  });

  it("start a name server again however often it ends", async () => {
    const pid = () =>
      systemctl("h1", "show", "--property", "MainPID", "--value", "clocker-dns-101.service");
    for (let times = 0; times < 6; times++) {
      const old = await pid();
      expect(old).toMatch(/^[1-9]\d*$/); // 0 would be the whole group of whoever kills
      await lab.sh("h1", "kill", "-9", old);
      await expect
        .poll(pid, { timeout: BOOT_MS, interval: 100 })
        .not.toMatch(new RegExp(`^(0|${old})$`));
    }
    await reachEachOther();
    expect(await problems()).toEqual({});
  });

  const withoutBind = ["named", "dig", "nsupdate"].filter((name) => !findCommand(name));
  const testZone = withoutBind.length === 0 ? it : it.skip;
  const whyNot = withoutBind.length === 0 ? "" : ` (no ${withoutBind.join(", ")})`;

  testZone(
    `serve a zone by a unit, where BIND was missing too, and it alone${whyNot}`,
    async () => {
      await lab.sh("h2", "dpkg", "--remove", "--force-depends", "bind9");
      app = { ...app, zone: { hosts: HOSTS, zone: "own.example", port: 5353 } };
      made = (await virtualNetwork.update(idOfApp(), made, app)).outs;
      expect(said.join("\n")).toContain("installing bind9");
      // the distribution's own service stays idle, now and at boot
      expect(await systemctl("h2", "is-active", "named", "clocker-zone-101")).toBe(
        "inactive\nactive",
      );
      expect(await systemctl("h2", "is-enabled", "named")).toBe("disabled");
      const look = async (host = "h1") => {
        const at = ["-p", "5353", `@${lab.host(host).address}`, "+time=1", "+tries=1", "+short"];
        return (await lab.exec("h2", ["dig", ...at, "app-2.own.example"])).stdout;
      };
      for (const host of HOSTS) expect(await look(host)).toBe("10.101.2.10\n");
      const pid = () =>
        systemctl("h1", "show", "--property", "MainPID", "--value", "clocker-zone-101.service");
      const old = await pid();
      expect(old).toMatch(/^[1-9]\d*$/);
      await lab.sh("h1", "kill", "-9", old);
      await expect
        .poll(pid, { timeout: BOOT_MS, interval: 100 })
        .not.toMatch(new RegExp(`^(0|${old})$`));
      await expect.poll(() => look(), { timeout: BOOT_MS }).toBe("10.101.2.10\n");
      expect(await problems()).toEqual({});
    },
  );

  it("enable again at boot what was disabled by hand", async () => {
    await lab.sh("h2", "systemctl", "disable", "clocker-net.service");
    expect(await problems()).toEqual({ h2: ["the boot unit is not enabled"] });
    made = (await virtualNetwork.update(idOfApp(), made, app)).outs;
    expect(await problems()).toEqual({});
  });

  it("have all back after a power cut, without us", async () => {
    await Promise.all(lab.hosts.map((host) => lab.kill(host.name)));
    await Promise.all(lab.hosts.map((host) => lab.restart(host.name)));
    await reachEachOther();
    expect(await lab.sh("h1", "cat", "/proc/1/comm")).toBe("systemd");
    expect(await systemctl("h2", "is-active", "clocker-net", "docker")).toBe("active\nactive");
    expect(await systemctl(MACHINE.name, "is-active", "clocker-net")).toBe("active");
    // Docker started into a network that was complete.
    const [ours, dockers] = await Promise.all(
      ["clocker-net", "docker"].map((unit) =>
        systemctl("h1", "show", "--property", "ActiveEnterTimestampMonotonic", "--value", unit),
      ),
    );
    expect(Number(ours)).toBeLessThan(Number(dockers));
    expect(await problems()).toEqual({});
  });

  it("keep nothing of ours when the network and the hosts are given up", async () => {
    await Promise.all(HOSTS.map((name, i) => lab.sh(name, "docker", "rm", "-f", `app-${i + 1}`)));
    await virtualNetwork.delete(idOfApp(), made);
    expect(await Promise.all(lab.hosts.map((host) => remains(host.name)))).toEqual(before);
    for (const name of HOSTS) {
      const { id, outs } = await dockerHost.create(inputsFor(name));
      await dockerHost.delete(id, outs);
      expect((await lab.exec(name, ["test", "-e", "/etc/sysctl.d/99-clocker.conf"])).code).toBe(1);
      expect(await systemctl(name, "--failed", "--plain", "--no-legend")).toBe("");
    }
  });
});
