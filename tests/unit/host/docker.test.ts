import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isConflict, isNotFound, isUnreachable } from "../../../provider/errors.js";
import { dockerFor, splitReference, type DockerClient } from "../../../provider/host/docker.js";
import { armFault, disarmFaults } from "../../../provider/host/faults.js";
import { FakeHosts, type FakeHost } from "../../support/fake-transport.js";

let hosts: FakeHosts;
let host: FakeHost;
let docker: DockerClient;

beforeEach(async () => {
  hosts = await FakeHosts.install("h1");
  host = hosts.host("h1");
  host.docker.addImage("app");
  docker = dockerFor(hosts.connection("h1"));
});
afterEach(async () => {
  disarmFaults();
  await hosts.restore();
});

describe("docker client", () => {
  it("takes a container through its life", async () => {
    const { Id } = await docker.createContainer("web-1", { Image: "app", Labels: { a: "b" } });
    await docker.startContainer(Id);
    await docker.startContainer(Id); // 304 is no error
    expect((await docker.inspectContainer("web-1")).State.Status).toBe("running");
    expect((await docker.listContainers({ label: ["a=b"] })).map((c) => c.Names)).toEqual([
      ["/web-1"],
    ]);
    expect(await docker.listContainers({ label: ["a=c"] })).toEqual([]);
    await expect(docker.removeContainer(Id)).rejects.toSatisfy(isConflict);
    await docker.stopContainer(Id, 1);
    await docker.renameContainer(Id, "web-2");
    await docker.removeContainer("web-2");
    await expect(docker.inspectContainer(Id)).rejects.toSatisfy(isNotFound);
  });

  it("tells a taken name by its code and Docker's own sentence", async () => {
    await docker.createContainer("web-1", { Image: "app" });
    const second = docker.createContainer("web-1", { Image: "app" });
    await expect(second).rejects.toSatisfy(isConflict);
    await expect(second).rejects.toThrow(
      'host h1: Docker refused to create container web-1: Conflict. The container name "/web-1" is already in use',
    );
  });

  it("grants an address and a port once", async () => {
    await docker.createNetwork({
      Name: "net",
      IPAM: { Config: [{ Subnet: "10.1.0.0/24", Gateway: "10.1.0.1" }] },
    });
    const body = {
      Image: "app",
      HostConfig: { NetworkMode: "net", PortBindings: { "80/tcp": [{ HostPort: "8080" }] } },
      NetworkingConfig: { EndpointsConfig: { net: { IPAMConfig: { IPv4Address: "10.1.0.5" } } } },
    };
    await docker.createContainer("a1", body);
    await docker.createContainer("a2", body);
    await docker.startContainer("a1");
    await expect(docker.startContainer("a2")).rejects.toThrow("Address already in use");
    await docker.createContainer("a3", { ...body, NetworkingConfig: {} });
    await expect(docker.startContainer("a3")).rejects.toThrow("port is already allocated");
    await expect(docker.removeNetwork("net")).rejects.toThrow("has active endpoints");
    expect((await docker.inspectNetwork("net")).Containers).toMatchObject({});
    await docker.stopContainer("a1");
    await docker.startContainer("a2");
    expect((await docker.inspectContainer("a2")).NetworkSettings.Networks["net"]?.IPAddress).toBe(
      "10.1.0.5",
    );
  });

  it("runs a command in a container with input, output and exit code", async () => {
    host.docker.onContainerExec = (_c, argv, stdin) => ({
      code: 3,
      stdout: `${argv.join(" ")}<${stdin}>`,
      stderr: "oops",
    });
    const { Id } = await docker.createContainer("web-1", { Image: "app" });
    await docker.startContainer(Id);
    expect(await docker.exec(Id, ["cat", "-n"])).toEqual({
      code: 3,
      stdout: "cat -n<>",
      stderr: "oops",
    });
    expect(await docker.exec(Id, ["cat"], { stdin: "data" })).toMatchObject({
      stdout: "cat<data>",
    });
  });

  it("reads logs of both streams", async () => {
    host.docker.addImage("talker", { log: "one\ntwo é\n" });
    const { Id } = await docker.createContainer("talk", { Image: "talker" });
    expect(await docker.logs(Id, { tail: 20 })).toBe("one\ntwo é\n");
  });

  it("pulls with progress, and fails with the registry's words", async () => {
    host.docker.registry.set("redis:7", { id: "sha256:1" });
    const lines: string[] = [];
    await docker.pullImage("redis:7", { onProgress: (line) => lines.push(line.status ?? "") });
    expect(lines).toContain("Downloading");
    expect((await docker.inspectImage("redis:7")).Id).toBe("sha256:1");
    await expect(docker.pullImage("nothing")).rejects.toThrow("pull access denied for nothing");
  });

  it("reads again when the connection breaks, but never repeats a change", async () => {
    await docker.createContainer("web-1", { Image: "app" });
    armFault("docker-request", "drop", { host: "h1" });
    expect(await docker.listContainers()).toHaveLength(1);
    armFault("docker-request", "drop", { host: "h1" });
    await expect(docker.createContainer("web-2", { Image: "app" })).rejects.toSatisfy(
      isUnreachable,
    );
    expect(await docker.listContainers()).toHaveLength(1);
  });

  it("says what may have happened when the connection breaks in mid-request", async () => {
    host.docker.before = (line) => {
      if (line === "POST /containers/create") host.dropConnections();
    };
    await expect(docker.createContainer("web-1", { Image: "app" })).rejects.toThrow(
      "host h1: the connection to Docker at /var/run/docker.sock was lost (create container web-1); it may still take effect",
    );
  });

  it("ends at its deadline when the daemon hangs", async () => {
    await docker.ping();
    host.docker.before = () => new Promise(() => {});
    await expect(docker.listContainers({}, { timeoutMs: 100 })).rejects.toThrow(
      "host h1: Docker did not answer within 100 ms (list containers)",
    );
  });

  it("refuses a daemon that is too old", async () => {
    host.docker.apiVersion = "1.39";
    host.docker.version = "18.09.1";
    await expect(docker.info()).rejects.toThrow(
      "host h1: Docker 18.09.1 is too old (API 1.39, needed 1.41)",
    );
  });

  it("keeps 100 requests at once apart", async () => {
    const names = Array.from({ length: 100 }, (_, i) => `c-${i}`);
    const made = await Promise.all(
      names.map((name) => docker.createContainer(name, { Image: "app" })),
    );
    const seen = await Promise.all(made.map(({ Id }) => docker.inspectContainer(Id)));
    expect(seen.map((c) => c.Name)).toEqual(names.map((name) => `/${name}`));
  });

  it("splits image references", () => {
    expect(splitReference("redis")).toEqual(["redis", "latest"]);
    expect(splitReference("reg:5000/a/b")).toEqual(["reg:5000/a/b", "latest"]);
    expect(splitReference("reg:5000/a/b:1")).toEqual(["reg:5000/a/b", "1"]);
    expect(splitReference("a@sha256:ab")).toEqual(["a", "sha256:ab"]);
  });
});
