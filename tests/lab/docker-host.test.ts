import { afterEach, expect, it } from "vitest";
import { disarmFaults, armFault } from "../../provider/host/faults.js";
import { dockerFor } from "../../provider/host/docker.js";
import { closeTransports } from "../../provider/host/pool.js";
import { useSink } from "../../provider/progress.js";
import { dockerHost } from "../../provider/index.js";
import { DEFAULTS } from "../../provider/resources/docker-host/check.js";
import type {
  DockerHostInputs,
  DockerHostState,
} from "../../provider/resources/docker-host/inputs.js";
import type { HostConnection } from "../../provider/host/connection.js";
import { describeLab, withLab } from "../support/lab.js";

function inputsFor(access: HostConnection, more: Partial<DockerHostInputs> = {}): DockerHostInputs {
  return {
    meta: { project: "p", stack: "s", name: access.name, urn: "" },
    access,
    ...structuredClone(DEFAULTS),
    ...more,
  };
}

let said: string[] = [];
useSink((_urn, message) => said.push(message));
afterEach(async () => {
  said = [];
  disarmFaults();
  await closeTransports();
});

describeLab("DockerHost", () => {
  const lab = withLab("docker-host", { hosts: 2, bare: ["h2"], image: false });

  /** Everything that preparing could change, as one text. */
  const traces = (host: string) =>
    lab.sh(
      host,
      "sh",
      "-c",
      "cat /run/docker.pid; ls -l --time-style=full-iso /etc/docker /etc/sysctl.d; cat /etc/docker/daemon.json; dpkg -l | md5sum",
    );

  it("prepares a host that has Docker, and a second time changes nothing", async () => {
    const inputs = inputsFor(lab.connection("h1"));
    const { id, outs } = await dockerHost.create(inputs);
    expect(id).toBe("h1");
    expect(outs.facts).toMatchObject({
      hostname: "h1",
      underlayAddress: lab.host("h1").address,
      apiVersion: "1.41",
    });
    expect(outs.facts.engineVersion).toMatch(/^20\.10\./);
    expect(outs.facts.cpus).toBeGreaterThan(0);
    expect(JSON.parse(await lab.sh("h1", "cat", "/etc/docker/daemon.json"))).toMatchObject({
      "log-driver": "json-file",
      "log-opts": { "max-size": "10m", "max-file": "3" },
    });
    const before = await traces("h1");
    expect((await dockerHost.create(inputs)).outs).toEqual(outs);
    expect((await dockerHost.update(id, outs, inputs)).outs).toEqual(outs);
    expect(await traces("h1")).toBe(before);
    expect(await dockerHost.diff(id, outs, inputs)).toEqual({ changes: false });
    const seen = await dockerHost.read(id, outs);
    expect(seen.props).toEqual(outs);
  });

  it("installs Docker and the drivers' packages on a bare host, and a second time changes nothing", async () => {
    const inputs = inputsFor(lab.connection("h2"));
    const { outs } = await dockerHost.create(inputs);
    expect(outs.facts.hostname).toBe("h2");
    expect(said.join("\n")).toContain("installing docker.io");
    expect((await dockerFor(inputs.access).listNetworks()).map((n) => n.Name)).toContain("bridge");
    await lab.sh("h2", "sh", "-c", "command -v dnsmasq iptables");
    const before = await traces("h2");
    expect((await dockerHost.create(inputs)).outs).toEqual(outs);
    expect(await traces("h2")).toBe(before);
  });

  it("comes in as a user with sudo", async () => {
    const { outs } = await dockerHost.create(inputsFor(lab.connection("h1", "sudo")));
    expect(outs.facts).toMatchObject({ hostname: "h1", underlayAddress: lab.host("h1").address });
  });

  it("refuses an engine that is too old, and installs nothing unasked", async () => {
    const prepare = { ...DEFAULTS.prepare, minimumVersion: "99.0" };
    await expect(dockerHost.create(inputsFor(lab.connection("h1"), { prepare }))).rejects.toThrow(
      /^host h1: Docker 20\.10\.\S+ is older than 99\.0\nUpdate Docker Engine there to 99\.0 or later; it is not updated unasked\.$/,
    );
  });

  it("does not restart a daemon under running containers unless told to", async () => {
    await lab.sh("h1", "sh", "-c", "rm /etc/docker/daemon.json && service docker restart");
    const access = lab.connection("h1");
    const docker = dockerFor(access);
    const { buildTestImage } = await import("../../lab/images/index.js");
    const { IMAGE_CACHE, TEST_IMAGE } = await import("../support/lab.js");
    await lab.loadImage(await buildTestImage(IMAGE_CACHE), ["h1"]);
    await docker.createContainer("foreign", { Image: TEST_IMAGE, Cmd: ["sleep", "1000"] });
    await docker.startContainer("foreign");
    const pid = await lab.sh("h1", "cat", "/run/docker.pid");
    await dockerHost.create(inputsFor(access));
    expect(await lab.sh("h1", "cat", "/run/docker.pid")).toBe(pid);
    expect(said.find((line) => line.startsWith("host h1: Docker keeps"))).toContain(
      "containers run there (foreign). Set allowRestart: true, or set log-opts in /etc/docker/daemon.json yourself.",
    );
    const prepare = { ...DEFAULTS.prepare, allowRestart: true };
    await dockerHost.create(inputsFor(access, { prepare }));
    expect(await lab.sh("h1", "cat", "/run/docker.pid")).not.toBe(pid);
    await docker.removeContainer("foreign", true);
  });

  it("puts the settings back when the daemon does not start with them", async () => {
    const access = lab.connection("h1");
    const bad = JSON.stringify({ "log-opts": { "no-such-option": "x" } });
    await lab.exec("h1", ["sh", "-c", "cat > /etc/docker/daemon.json"], bad);
    await expect(dockerHost.create(inputsFor(access))).rejects.toThrow(
      "host h1: Docker did not start with log rotation; its settings are as before",
    );
    expect(await lab.sh("h1", "cat", "/etc/docker/daemon.json")).toBe(bad);
    await lab.sh("h1", "sh", "-c", "rm /etc/docker/daemon.json && service docker restart");
    await dockerHost.create(inputsFor(access));
  });

  it("restarts Docker for settings that it has not taken over, and only for those", async () => {
    const inputs = inputsFor(lab.connection("h1"));
    const marker = "/etc/docker/daemon.json.clocker-pending";
    const pid = () => lab.sh("h1", "cat", "/run/docker.pid");
    const before = await pid();
    // As a run leaves it that dies between the settings and the restart, then one that dies after it.
    await lab.sh("h1", "cp", "/etc/docker/daemon.json", marker);
    await dockerHost.create(inputs);
    const after = await pid();
    expect(after).not.toBe(before);
    await lab.sh("h1", "cp", "/etc/docker/daemon.json", marker);
    await lab.sh("h1", "touch", "-d", "1 hour ago", marker);
    await dockerHost.create(inputs);
    expect(await pid()).toBe(after);
    expect((await lab.exec("h1", ["test", "-e", marker])).code).toBe(1);
  });

  it("survives a crash after any step: one more create heals it (N7)", async () => {
    await lab.sh("h1", "sh", "-c", "rm -f /etc/docker/daemon.json /etc/sysctl.d/99-clocker.conf");
    const inputs = inputsFor(lab.connection("h1"));
    armFault("host-prepared", "error", { host: "h1" });
    await expect(dockerHost.create(inputs)).rejects.toThrow("host h1: fault at host-prepared");
    const before = await traces("h1");
    await dockerHost.create(inputs);
    expect(await traces("h1")).toBe(before);
  });

  it("leaves Docker and what runs there when it is deleted, and takes its own file", async () => {
    const { id, outs } = await dockerHost.create(inputsFor(lab.connection("h1")));
    const settings = await lab.sh("h1", "cat", "/etc/docker/daemon.json");
    await dockerHost.delete(id, outs);
    await dockerHost.delete(id, outs);
    expect((await lab.exec("h1", ["test", "-e", "/etc/sysctl.d/99-clocker.conf"])).code).toBe(1);
    expect(await lab.sh("h1", "cat", "/etc/docker/daemon.json")).toBe(settings);
    expect((await dockerFor(outs.access).info()).Name).toBe("h1");
  });

  it("keeps the state of a host that cannot be reached at refresh and delete (B4, B5)", async () => {
    const { id, outs } = await dockerHost.create(inputsFor(lab.connection("h2")));
    await closeTransports();
    await lab.kill("h2");
    const gone = /^host h2: cannot be (reached at .*:22: .*|observed: timed out after 30 s)\n/;
    await expect(dockerHost.read(id, outs)).rejects.toThrow(gone);
    await expect(dockerHost.delete(id, outs)).rejects.toThrow(
      'If it will never come back, set whenUnreachable: "forget" on the host, run up, then delete it.',
    );
    const forgetful: DockerHostState = {
      ...outs,
      access: { ...outs.access, whenUnreachable: "forget" },
    };
    await dockerHost.delete(id, forgetful);
    expect(said.at(-1)).toMatch(
      /^host h2 is forgotten although it cannot be reached .*What remains there: Docker Engine/,
    );
  });
});
