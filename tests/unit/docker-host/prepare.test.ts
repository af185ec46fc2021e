import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OBSERVE_SCRIPT } from "../../../provider/host/observe-script.js";
import { FORGET_USAGE } from "../../../provider/host/usage-script.js";
import { LABELS } from "../../../provider/host/ownership.js";
import { CloudError } from "../../../provider/errors.js";
import { useSink } from "../../../provider/progress.js";
import { DEFAULTS } from "../../../provider/resources/docker-host/check.js";
import { mergedSettings } from "../../../provider/resources/docker-host/daemon-settings.js";
import type { DockerHostInputs } from "../../../provider/resources/docker-host/inputs.js";
import { dockerHostLifecycle } from "../../../provider/resources/docker-host/lifecycle.js";
import { isOlder } from "../../../provider/resources/docker-host/prepare.js";
import {
  PROBE_SCRIPT,
  parseProbe,
  type Probe,
} from "../../../provider/resources/docker-host/probe-script.js";
import { COMMON_PROGRAMS } from "../../../provider/network/requirements.js";
import { FakeHosts, type FakeHost } from "../../support/fake-transport.js";

const LOG = DEFAULTS.prepare.log;
const READY = JSON.stringify({ "log-opts": { "max-size": "5m", "max-file": "2" } });

let hosts: FakeHosts;
let host: FakeHost;
let inputs: DockerHostInputs;
let said: string[];
let machine: {
  programs: string[];
  daemonJson: string;
  os: string;
  sysctl: string;
  pending: Probe["pending"];
};

beforeEach(async () => {
  said = [];
  useSink((_urn, message) => said.push(message));
  hosts = await FakeHosts.install("h1");
  host = hosts.host("h1");
  machine = {
    programs: ["docker", "dockerd", "apt-get", ...Object.keys(COMMON_PROGRAMS)],
    daemonJson: READY,
    os: "debian",
    sysctl: "net.ipv4.ip_forward = 1",
    pending: "no",
  };
  host.onExec(({ script }) => {
    if (script === OBSERVE_SCRIPT)
      return {
        stdout:
          "hostname h1\ncpus 4\nmemory 8388608\narch x86_64\nkernel 6.1\nos.name Debian 12\naddress 10.0.0.1\nmtu 1500\n",
      };
    if (script === PROBE_SCRIPT)
      return {
        stdout: [
          ...machine.programs.map((name) => `command ${name}`),
          "forward 1",
          `sysctl ${machine.sysctl}`,
          `os.id ${machine.os}`,
          "os.name Some System 1",
          ...(machine.pending === "no" ? [] : [`pending ${machine.pending}`]),
          "daemon.json",
          machine.daemonJson,
        ].join("\n"),
      };
    return undefined;
  });
  inputs = {
    meta: { project: "p", stack: "s", name: "h1", urn: "" },
    access: hosts.connection("h1"),
    ...structuredClone(DEFAULTS),
  };
});
afterEach(async () => {
  useSink();
  await hosts.restore();
});

/** Commands and scripts that may change something. */
const changes = () =>
  host.execs.filter(({ script }) => script !== OBSERVE_SCRIPT && script !== PROBE_SCRIPT);

describe("preparing a host", () => {
  it("does nothing on a host that has everything", async () => {
    const { id, outs } = await dockerHostLifecycle.create(inputs);
    expect(id).toBe("h1");
    expect(outs.facts).toEqual({
      engineId: host.docker.id,
      engineVersion: "20.10.24",
      apiVersion: "1.41",
      cpus: 4,
      memoryBytes: 8 * 1024 ** 3,
      arch: "x86_64",
      os: "Debian 12",
      kernel: "6.1",
      hostname: "h1",
      underlayAddress: "10.0.0.1",
      underlayMtu: 1500,
    });
    expect(changes()).toEqual([]);
  });

  it("installs what is missing, and only that", async () => {
    machine.programs = machine.programs.filter(
      (name) => name !== "dnsmasq" && name !== "flock" && name !== "nsenter",
    );
    await dockerHostLifecycle.create(inputs);
    expect(changes().map(({ argv }) => argv)).toEqual([["script", "dnsmasq-base", "util-linux"]]);
    expect(said).toContain("installing dnsmasq-base, util-linux");
  });

  it("says what to install on a system without apt", async () => {
    const gone = ["apt-get", "dnsmasq"];
    machine.programs = machine.programs.filter((name) => !gone.includes(name));
    await expect(dockerHostLifecycle.create(inputs)).rejects.toThrow(
      "host h1: cannot install dnsmasq-base on Some System 1\nPackages are installed on Debian and Ubuntu only; install dnsmasq-base there by hand and run again.",
    );
  });

  it("installs no Docker when told not to", async () => {
    machine.programs = machine.programs.filter((name) => name !== "dockerd");
    machine.sysctl = "";
    inputs.prepare.installDocker = false;
    await expect(dockerHostLifecycle.create(inputs)).rejects.toThrow(
      "host h1: Docker is not installed\nSet installDocker: true, or install Docker Engine 20.10 or later there.",
    );
    expect(changes()).toEqual([]);
  });

  it("passes on why a package could not be installed", async () => {
    machine.programs = machine.programs.filter((name) => name !== "dnsmasq");
    host.onExec(({ argv }) =>
      argv[1] === "dnsmasq-base"
        ? { code: 100, stderr: "E: Unable to locate package dnsmasq-base\n" }
        : undefined,
    );
    await expect(dockerHostLifecycle.create(inputs)).rejects.toThrow(
      'host h1: cannot install dnsmasq-base (exit code 100)\n  - E: Unable to locate package dnsmasq-base\nTry "apt-get install dnsmasq-base" on the host.',
    );
  });

  it("warns instead of restarting Docker under running containers", async () => {
    machine.daemonJson = "";
    host.docker.addContainer("ours", { Image: "app", Labels: { [LABELS.owner]: "p/s/x" } });
    host.docker.addContainer("foreign", { Image: "app" });
    await dockerHostLifecycle.create(inputs);
    expect(changes()).toEqual([]);
    expect(said.at(-1)).toContain("containers run there (foreign, ours). Set allowRestart: true");
  });

  it("fails at refresh when the host is down, and says when it is another machine", async () => {
    const { id, outs } = await dockerHostLifecycle.create(inputs);
    host.down = true;
    await expect(dockerHostLifecycle.read(id, outs)).rejects.toMatchObject({
      code: "unreachable",
      host: "h1",
    });
    host.down = false;
    const other = { ...outs, facts: { ...outs.facts, engineId: "OTHER", hostname: "old" } };
    expect((await dockerHostLifecycle.read(id, other)).props?.facts.engineId).toBe(host.docker.id);
    expect(said.at(-1)).toBe(
      `host h1: another Docker Engine answers than before (${host.docker.id} on h1, was OTHER on old): ` +
        "the machine was reinstalled or replaced, and what ran on it is gone. Run pulumi refresh.",
    );
  });

  it("takes its own file at delete only when nothing of ours lives there", async () => {
    const { id, outs } = await dockerHostLifecycle.create(inputs);
    const container = host.docker.addContainer("ours", {
      Image: "app",
      Labels: { [LABELS.owner]: "q/t/x" },
    });
    await dockerHostLifecycle.delete(id, outs);
    expect(changes()).toEqual([]);
    host.docker.end(container, 0);
    host.docker.containers.delete(container.id);
    await dockerHostLifecycle.delete(id, outs);
    expect(changes().map(({ argv, script }) => script ?? argv)).toEqual([
      FORGET_USAGE,
      ["rm", "-f", "/etc/sysctl.d/99-clocker.conf"],
    ]);
  });
});

describe("log rotation that was written", () => {
  const FILE = "/etc/docker/daemon.json";
  const MARKER = `${FILE}.clocker-pending`;
  /** Lets the restart of Docker happen, or not. */
  let onRestart: () => void;

  beforeEach(() => {
    onRestart = () => {};
    host.onExec(({ argv, script, stdin }) => {
      if (argv[0] === "/etc/init.d/docker") {
        onRestart();
        if (machine.pending === "waiting") machine.pending = "taken";
        return {};
      }
      if (argv.join(" ") === `rm -f ${MARKER}`) machine.pending = "no";
      else if (argv[1] === FILE && script?.includes("cmp -s"))
        Object.assign(machine, { pending: "no", daemonJson: "" });
      else if (argv[1] === FILE) Object.assign(machine, { pending: "waiting", daemonJson: stdin });
      return undefined;
    });
    machine.daemonJson = "";
  });

  const restarts = () => host.execs.filter(({ argv }) => argv[0] === "/etc/init.d/docker");

  it("is taken over by a restart, and then nothing is left to do", async () => {
    await dockerHostLifecycle.create(inputs);
    expect(machine).toMatchObject({ pending: "no" });
    expect(JSON.parse(machine.daemonJson)).toMatchObject({ "log-driver": "json-file" });
    expect(restarts()).toHaveLength(1);
    await dockerHostLifecycle.create(inputs);
    expect(restarts()).toHaveLength(1);
  });

  it("is taken over by the next up when the connection broke before the restart", async () => {
    onRestart = () => {
      throw new CloudError("unreachable", "the connection was lost", { host: "h1" });
    };
    host.onExec(({ script }) => {
      if (script?.includes("cmp -s")) throw new CloudError("unreachable", "still lost");
      return undefined;
    });
    await expect(dockerHostLifecycle.create(inputs)).rejects.toThrow("still lost");
    expect(machine.pending).toBe("waiting");
    onRestart = () => {};
    await dockerHostLifecycle.create(inputs);
    expect(machine.pending).toBe("no");
    expect(restarts()).toHaveLength(2);
  });

  it("needs no second restart when Docker has started since", async () => {
    Object.assign(machine, { daemonJson: READY, pending: "taken" });
    await dockerHostLifecycle.create(inputs);
    expect(machine.pending).toBe("no");
    expect(restarts()).toEqual([]);
  });

  it("is not taken over under running containers unless told to, and that is said each time", async () => {
    Object.assign(machine, { daemonJson: READY, pending: "waiting" });
    host.docker.addContainer("foreign", { Image: "app" });
    for (const times of [1, 2]) {
      await dockerHostLifecycle.create(inputs);
      expect(said.filter((line) => line.startsWith("host h1:"))).toHaveLength(times);
    }
    expect(said.at(-1)).toBe(
      "host h1: /etc/docker/daemon.json rotates container logs, but Docker was not restarted since and keeps them " +
        "without a limit. It is not restarted because containers run there (foreign). Set allowRestart: true, or " +
        "restart Docker there yourself.",
    );
    expect(restarts()).toEqual([]);
    inputs.prepare.allowRestart = true;
    await dockerHostLifecycle.create(inputs);
    expect(restarts()).toHaveLength(1);
  });

  it("is taken back first where Docker does not answer", async () => {
    Object.assign(machine, { daemonJson: READY, pending: "waiting" });
    let isRunning = false;
    host.docker.before = () => {
      if (!isRunning) throw new Error("not yet");
    };
    onRestart = () => (isRunning = true);
    await dockerHostLifecycle.create(inputs);
    const steps = host.execs.flatMap(({ argv, script = "" }) =>
      argv[0] === "/etc/init.d/docker"
        ? [argv[1]]
        : argv[1] === FILE
          ? [script.includes("cmp -s") ? "back" : "write"]
          : [],
    );
    expect(steps).toEqual(["back", "start", "write", "restart"]);
  });
});

describe("daemon.json", () => {
  const merge = (current: object, args = "") => {
    const text = mergedSettings("h1", JSON.stringify(current), args, LOG);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  };
  it("adds log rotation and keeps what is there", () => {
    expect(merge({ "data-root": "/srv" })).toEqual({
      "data-root": "/srv",
      "log-driver": "json-file",
      "log-opts": { "max-size": "10m", "max-file": "3" },
    });
    expect(merge({ "log-opts": { "max-size": "1g" } })).toMatchObject({
      "log-opts": { "max-size": "1g", "max-file": "3" },
    });
  });
  it.each([
    ["another driver was chosen", { "log-driver": "journald" }, ""],
    ["rotation is set", { "log-opts": { "max-size": "1m", "max-file": "1" } }, ""],
    ["the command line sets it", {}, "dockerd --log-opt max-size=1m"],
  ])("stays when %s", (_what, current, args) => {
    expect(merge(current, args)).toBeUndefined();
  });
  it("refuses a file that is no JSON object", () => {
    expect(() => mergedSettings("h1", "{", "", LOG)).toThrow(
      "host h1: /etc/docker/daemon.json is not a JSON object\nCorrect the file there; it is left as it is.",
    );
  });
});

describe("probe", () => {
  it("reads an answer without a daemon.json", () => {
    const probe = parseProbe("command ip\nforward 0\nsysctl \nos.name Debian\ndaemon.json\n");
    expect(probe).toMatchObject({
      daemonJson: "",
      pending: "no",
      ipForward: false,
      sysctlFile: false,
      systemd: false,
      osName: "Debian",
    });
    expect([...probe.commands]).toEqual(["ip"]);
  });
});

it.each([
  ["20.10.24+dfsg1", "20.10", false],
  ["20.10", "20.10", false],
  ["19.03.5", "20.10", true],
  ["29.0.0-rc.1", "20.10", false],
  ["20.9", "20.10", true],
  ["20.10.1", "20.10.2", true],
])("version %s against %s: older is %s", (version, minimum, older) => {
  expect(isOlder(version, minimum)).toBe(older);
});
