import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildRedisImage, REDIS_IMAGE } from "../../lab/images/index.js";
import { armFault, disarmFaults } from "../../provider/host/faults.js";
import { dockerFor } from "../../provider/host/docker.js";
import { LABELS } from "../../provider/host/ownership.js";
import { closeTransports } from "../../provider/host/pool.js";
import type { ContainerInspect } from "../../provider/host/docker-types.js";
import { DEFAULT_CAPABILITIES } from "../../provider/resources/placed-container/capabilities.js";
import { withDefaults } from "../../provider/resources/placed-container/defaults.js";
import type {
  ContainerPlace,
  ContainerSpec,
  PlacedContainerInputs,
  PlacedContainerState,
} from "../../provider/resources/placed-container/inputs.js";
import { secretsFolder, writeSecrets } from "../../provider/resources/placed-container/secrets.js";
import { placedContainerLifecycle } from "../../provider/resources/placed-container/lifecycle.js";
import { wrapLifecycle } from "../../provider/wrap.js";
import { describeLab, IMAGE_CACHE, TEST_IMAGE, withLab } from "../support/lab.js";

const MIB = 1024 * 1024;
const lifecycle = wrapLifecycle(placedContainerLifecycle, { kind: "PlacedContainer" });
const CANARY = "canary-5b1e77c2";

describeLab("a placed container on a real daemon", () => {
  const lab = withLab("container", { hosts: 2, cpus: 4, memory: 1024 * MIB });
  let last = 9;

  beforeAll(async () => {
    for (const host of ["h1", "h2"]) {
      await lab.sh(host, "docker", "network", "create", "--subnet", "10.64.0.0/16", "lan-77");
      await lab.sh(host, "docker", "network", "create", "--subnet", "10.65.0.0/16", "dmz-78");
    }
    await lab.loadImage(await buildRedisImage(IMAGE_CACHE), ["h1"]);
  });
  beforeEach(() => disarmFaults());
  afterAll(closeTransports);

  const network = (name: "lan" | "dmz", address: string) => ({
    network: name,
    dockerName: name === "lan" ? "lan-77" : "dmz-78",
    vni: name === "lan" ? 77 : 78,
    domain: `${name}.clocker`,
    address,
    gateway: "",
    fixed: false,
  });

  /** A container of its own for each test, with an address of its own. */
  function wanted(
    name: string,
    spec: Partial<ContainerSpec> = {},
    place: Partial<ContainerPlace> = {},
    stack = "dev",
  ): PlacedContainerInputs {
    const host = place.host ?? "h1";
    return {
      meta: { project: "app", stack, name, urn: "" },
      cloud: "cloud",
      spec: withDefaults({
        image: TEST_IMAGE,
        pull: "never",
        cpus: 0.1,
        memoryBytes: 32 * MIB,
        pids: 32,
        networks: [{ network: "lan" }],
        waitSeconds: 10,
        stopTimeoutSeconds: 3,
        ...spec,
      }) as unknown as ContainerSpec,
      place: {
        host,
        connection: lab.connection(host),
        reason: "",
        networks: [network("lan", `10.64.0.${(last += 1)}`)],
        ...place,
      },
    };
  }

  const docker = (host = "h1") => dockerFor(lab.connection(host));
  const owned = async (name: string, host = "h1", stack = "dev") =>
    docker(host).listContainers({ label: [`${LABELS.owner}=app/${stack}/${name}`] });
  const inspect = (state: PlacedContainerState) =>
    docker(state.place.host).inspectContainer(state.status.containerId);
  const inside = async (state: PlacedContainerState, ...argv: string[]) =>
    (await docker(state.place.host).exec(state.status.containerId, argv)).stdout.trim();
  const failure = async (promise: Promise<unknown>) =>
    promise.then(
      () => {
        throw new Error("it did not fail");
      },
      (error: unknown) =>
        error as Error & { id?: string; properties?: PlacedContainerState; code?: string },
    );

  it("lives through create, read, update and delete", async () => {
    const inputs = wanted(
      "life",
      {},
      { networks: [network("lan", "10.64.1.1"), { ...network("dmz", "10.65.1.1"), fixed: true }] },
    );
    const { id, outs } = await lifecycle.create(inputs);
    // Before 28 Docker numbers the interfaces of a start as it likes.
    const links = await inside(outs, "ip", "-o", "addr");
    expect(links).toContain("inet 10.64.1.1/16");
    expect(links).toContain("inet 10.65.1.1/16");
    expect(await inside(outs, "ip", "link")).toContain("02:42:0a:41:01:01");
    expect(await lifecycle.read(id, outs)).toEqual({ id, props: outs });
    expect(await lifecycle.diff(id, outs, inputs)).toEqual({ changes: false });

    const news = structuredClone(inputs);
    Object.assign(news.spec, { cpus: 0.2, memoryBytes: 48 * MIB, pids: 48 });
    news.spec.restart = { policy: "on-failure", retries: 3 };
    news.place.networks = [network("lan", "10.64.1.2")];
    const updated = await lifecycle.update(id, outs, news);
    expect(updated.outs.status.containerId).toBe(outs.status.containerId);
    const { HostConfig, State, NetworkSettings } = await inspect(updated.outs);
    expect(HostConfig).toMatchObject({
      NanoCpus: 2e8,
      Memory: 48 * MIB,
      PidsLimit: 48,
      RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
    });
    expect(State.Running).toBe(true);
    expect(
      Object.entries(NetworkSettings.Networks).map(([name, { IPAddress }]) => [name, IPAddress]),
    ).toEqual([["lan-77", "10.64.1.2"]]);
    // It keeps its new address over a restart of the container.
    await docker().restartContainer(outs.status.containerId, 1);
    expect(await lifecycle.read(id, updated.outs)).toEqual({ id, props: updated.outs });

    await lifecycle.delete(id, updated.outs);
    await lifecycle.delete(id, updated.outs);
    expect(await owned("life")).toEqual([]);
    expect(await lifecycle.read(id, updated.outs)).toEqual({});
  });

  it("has its default route in the first of its networks, also after a restart and further networks", async ({
    skip,
  }) => {
    const { Version, ApiVersion } = await docker().version();
    skip(
      Number(ApiVersion.split(".")[1]) < 48,
      `Docker ${Version} takes the first network by name; from 28 on it follows the attach order`,
    );
    const routes = async (state: PlacedContainerState) =>
      (await inside(state, "ip", "route")).split("\n").filter((line) => line.startsWith("default"));
    const lan = network("lan", "10.64.5.1");
    const dmz = network("dmz", "10.65.5.1");
    // By name dmz-78 comes before lan-77.
    const inputs = wanted("routed", {}, { networks: [lan, dmz] });
    const { id, outs } = await lifecycle.create(inputs);
    expect(await routes(outs)).toEqual([expect.stringContaining("via 10.64.0.1 ")]);
    await docker().restartContainer(outs.status.containerId, 1);
    expect(await routes(outs)).toEqual([expect.stringContaining("via 10.64.0.1 ")]);
    const alone = structuredClone(inputs);
    alone.place.networks = [lan];
    const detached = await lifecycle.update(id, outs, alone);
    const attached = await lifecycle.update(id, detached.outs, inputs);
    expect(await routes(attached.outs)).toEqual([expect.stringContaining("via 10.64.0.1 ")]);
    await lifecycle.delete(id, attached.outs);

    const other = await lifecycle.create(
      wanted(
        "routed",
        {},
        { networks: [network("dmz", "10.65.5.2"), network("lan", "10.64.5.2")] },
      ),
    );
    expect(await routes(other.outs)).toEqual([expect.stringContaining("via 10.65.0.1 ")]);
    await lifecycle.delete(other.id, other.outs);
  });

  describe("the checks of the CIS Docker Benchmark that a container's inspect answers", () => {
    type Check = [id: string, what: string, holds: (it: ContainerInspect) => unknown];
    const checks: Check[] = [
      [
        "5.2",
        "no unconfined AppArmor or seccomp",
        (it) => !it.HostConfig.SecurityOpt?.some((o) => /unconfined/.test(o)),
      ],
      ["5.3", "only the capabilities it needs", (it) => it.HostConfig.CapDrop?.join() === "ALL"],
      ["5.4", "not privileged", (it) => it.HostConfig.Privileged === false],
      [
        "5.5",
        "no sensitive folder of the host",
        (it) =>
          it.Mounts.every(
            ({ Source }) =>
              !/^\/(etc|proc|sys|dev|boot|lib|usr)?(\/|$)/.test(Source) ||
              Source.startsWith("/run/clocker/"),
          ),
      ],
      ["5.9", "not the host's network", (it) => it.HostConfig.NetworkMode === "lan-77"],
      [
        "5.10",
        "a memory limit",
        (it) => it.HostConfig.Memory === 32 * MIB && it.HostConfig.MemorySwap === 32 * MIB,
      ],
      ["5.11", "a cpu limit", (it) => it.HostConfig.NanoCpus === 1e8],
      ["5.14", "a restart policy", (it) => it.HostConfig.RestartPolicy?.Name === "unless-stopped"],
      ["5.15", "not the host's processes", (it) => it.HostConfig["PidMode"] === ""],
      ["5.16", "not the host's IPC", (it) => it.HostConfig["IpcMode"] === "private"],
      ["5.17", "no device", (it) => (it.HostConfig.Devices ?? []).length === 0],
      [
        "5.19",
        "no shared propagation",
        (it) =>
          (it.Mounts as { Propagation?: string }[]).every(
            ({ Propagation }) => !Propagation?.includes("shared"),
          ),
      ],
      ["5.20", "not the host's UTS", (it) => it.HostConfig["UTSMode"] === ""],
      [
        "5.25",
        "no new privileges",
        (it) => it.HostConfig.SecurityOpt?.includes("no-new-privileges"),
      ],
      ["5.28", "a limit of processes", (it) => it.HostConfig.PidsLimit === 32],
      [
        "5.29",
        "not Docker's default bridge",
        (it) => Object.keys(it.NetworkSettings.Networks).join() === "lan-77",
      ],
      ["5.30", "not the host's users", (it) => it.HostConfig["UsernsMode"] === ""],
      [
        "5.31",
        "not Docker's socket",
        (it) => it.Mounts.every(({ Source }) => !Source.includes("docker.sock")),
      ],
    ];
    let details: ContainerInspect;
    let state: PlacedContainerState;
    beforeAll(async () => {
      const secrets = [{ name: "k", value: CANARY }];
      state = (await lifecycle.create(wanted("cis", { secrets }))).outs;
      details = await inspect(state);
    });
    it.each(checks)("%s %s", (_id, _what, holds) => expect(holds(details)).toBe(true));
    it("5.12 a read-only root when hardened", async () => {
      const { outs } = await lifecycle.create(
        wanted("cis-hard", { hardened: true, readOnlyRoot: true }),
      );
      const { HostConfig } = await inspect(outs);
      expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ["ALL"] });
      expect(HostConfig.CapAdd ?? []).toEqual([]);
      expect(
        await inside(
          outs,
          "sh",
          "-c",
          "touch /x 2>/dev/null || echo refused; touch /tmp/x /run/x && echo scratch",
        ),
      ).toBe("refused\nscratch");
      expect(await inside(outs, "grep", "CapBnd", "/proc/1/status")).toBe(
        "CapBnd:\t0000000000000000",
      );
    });
    it("the kernel agrees on the capabilities, on no new privileges and on seccomp", async () => {
      const status = await inside(state, "cat", "/proc/1/status");
      const bits = BigInt(`0x${/CapBnd:\s*(\S+)/.exec(status)?.[1]}`).toString(2);
      expect([...bits].filter((bit) => bit === "1")).toHaveLength(
        Object.keys(DEFAULT_CAPABILITIES).length,
      );
      expect(status).toMatch(/NoNewPrivs:\s*1/);
      expect(status).toMatch(/Seccomp:\s*2/);
    });
  });

  describe("ordinary images run unchanged", () => {
    it("redis, as it is and hardened", async () => {
      for (const hardened of [false, true]) {
        const mounts = [
          { kind: "volume" as const, name: `redis-${hardened}`, target: "/data", readOnly: false },
        ];
        const health = {
          command: ["CMD", "redis-cli", "ping"],
          intervalSeconds: 0.5,
          timeoutSeconds: 2,
          retries: 10,
          startPeriodSeconds: 0,
        };
        const { id, outs } = await lifecycle.create(
          wanted(`redis-${hardened}`, {
            image: REDIS_IMAGE,
            mounts,
            health,
            hardened,
            readOnlyRoot: hardened,
            memoryBytes: 96 * MIB,
          }),
        );
        expect(await inside(outs, "redis-cli", "set", "a", "b")).toBe("OK");
        await lifecycle.delete(id, outs);
      }
    });

    it("an entrypoint of the usual kind: chown, drop to a user, bind port 80, signal, set a group bit", async () => {
      const script = [
        "set -e",
        "mkdir -p /data/db && chown 65534:65534 /data/db && chmod 0700 /data/db",
        "touch /data/db/by-root && chown 65534 /data/db/by-root && chmod 2775 /data/db",
        // DAC_OVERRIDE, FOWNER and FSETID: root in a folder that is another user's.
        "echo config > /data/db/conf && chmod 0600 /data/db/by-root",
        // SETUID, SETGID: what gosu and su-exec do; a worker of another user on port 80, ended by its master.
        "su -s /bin/sh nobody -c 'id -u; httpd -f -p 8000 -h /www & echo $! > /data/db/pid; wait' > /data/db/id &",
        "httpd -p 80 -h /www",
        "while [ ! -s /data/db/pid ]; do sleep 0.1; done; kill $(cat /data/db/pid)",
        "touch /tmp/ok; exec idle",
      ].join("\n");
      const health = {
        command: ["CMD", "test", "-f", "/tmp/ok"],
        intervalSeconds: 0.3,
        timeoutSeconds: 2,
        retries: 20,
        startPeriodSeconds: 0,
      };
      const { outs } = await lifecycle.create(
        wanted("entry", { command: ["sh", "-c", script], health }),
      );
      expect(await inside(outs, "cat", "/data/db/id")).toBe("65534");
      expect(await inside(outs, "stat", "-c", "%a %u", "/data/db")).toBe("2775 65534");
    });
  });

  describe("secrets", () => {
    it("are in the container and nowhere else on the host", async () => {
      const secrets = [
        { name: "password", value: CANARY },
        {
          name: "cert",
          value: `${CANARY}\nsecond line\n`,
          path: "/etc/app/cert.pem",
          mode: "0444",
        },
      ];
      const inputs = wanted("secret", { secrets, hardened: true, readOnlyRoot: true });
      const { id, outs } = await lifecycle.create(inputs);
      expect(await inside(outs, "cat", "/run/secrets/password")).toBe(CANARY);
      expect(await inside(outs, "cat", "/etc/app/cert.pem")).toBe(`${CANARY}\nsecond line`);
      expect(await inside(outs, "stat", "-c", "%a %u", "/run/secrets/password")).toBe("444 0");
      const inspected = JSON.stringify(await inspect(outs));
      const encoded = Buffer.from(CANARY).toString("base64").slice(0, 12);
      expect(inspected).not.toContain(CANARY);
      expect(inspected).not.toContain(encoded);
      const seen = await lab.exec("h1", [
        "sh",
        "-c",
        "ps -ef; docker ps -a --no-trunc; cat /var/log/*.log 2>/dev/null; grep -rl canary-[5]b1e /var/lib/docker /tmp /root /etc /home /var/lib/clocker 2>/dev/null; true",
      ]);
      expect(seen.stdout).not.toMatch(/canary-5b1e/);
      expect(await lab.sh("h1", "stat", "-f", "-c", "%T", "/run/clocker/secrets")).toBe("tmpfs");
      expect(await lab.sh("h1", "stat", "-c", "%a %u", "/run/clocker/secrets")).toBe("700 0");
      // A restart of the container finds them; a read-only bind cannot be written.
      await docker().restartContainer(outs.status.containerId, 1);
      expect(
        await inside(
          outs,
          "sh",
          "-c",
          "cat /run/secrets/password; echo x 2>/dev/null > /run/secrets/y || echo refused",
        ),
      ).toBe(`${CANARY}refused`);
      const folders = await lab.sh("h1", "ls", "/run/clocker/secrets");
      await lifecycle.delete(id, outs);
      const after = await lab.sh("h1", "ls", "/run/clocker/secrets");
      expect(folders.split("\n").length - after.split("\n").filter(Boolean).length).toBe(1);
    });

    it("of containers that come at once to a host that had none are in one place", async () => {
      const root = "/run/clocker/secrets";
      const mounts = async () =>
        (await lab.sh("h1", "findmnt", "-rno", "TARGET")).split("\n").filter((at) => at === root);
      await lab.sh("h1", "mkdir", "-p", root, "/var/lib/on-disk");
      const before = await mounts();
      await lab.sh("h1", "mount", "--bind", "/var/lib/on-disk", root);
      try {
        const { transport } = docker();
        const folders = Array.from({ length: 8 }, (_, i) => secretsFolder(`new-${i}`, "5b1e5b1e"));
        const spec = { secrets: [{ name: "password", value: CANARY }] } as ContainerSpec;
        await Promise.all(folders.map((folder) => writeSecrets(transport, folder, spec)));
        const found = await lab.sh("h1", "find", ...folders, "-name", "password");
        expect(found.split("\n")).toHaveLength(8);
        expect(await mounts()).toEqual([...before, root, root]); // what is on disk, and one tmpfs over it
      } finally {
        const made = (await mounts()).length - before.length;
        for (let i = 0; i < made; i++) await lab.sh("h1", "umount", root);
      }
    });

    it("gone after a reboot keep the container down until the next up", async () => {
      const inputs = wanted("reboot", { secrets: [{ name: "password", value: CANARY }] });
      const { id, outs } = await lifecycle.create(inputs);
      const folder = (await inspect(outs)).Mounts[0]?.Source ?? "";
      await docker().stopContainer(outs.status.containerId, 1);
      await lab.sh("h1", "rm", "-rf", folder.replace(/\/files$/, ""));
      const refused = await lab.exec("h1", ["docker", "start", outs.status.containerId]);
      expect(refused.code).not.toBe(0);
      const { props } = await lifecycle.read(id, outs);
      expect(props?.status.drift).toEqual(["it is exited"]);
      const { outs: healed } = await lifecycle.update(id, props!, inputs);
      expect(await inside(healed, "cat", "/run/secrets/password")).toBe(CANARY);
    });
  });

  describe("replacing", () => {
    it("start-first: both run until the new one is healthy", async () => {
      const old = await lifecycle.create(wanted("first"));
      let running = 0;
      const disarm = armFault("healthy", async () => {
        running = (await owned("first")).filter(({ State }) => State === "running").length;
      });
      const { outs } = await lifecycle.create(wanted("first", { env: { V: "2" } }));
      disarm();
      expect(running).toBe(2);
      expect((await owned("first")).map(({ Id }) => Id)).toEqual([outs.status.containerId]);
      await lifecycle.delete(old.id, old.outs);
      expect(await owned("first")).toHaveLength(1);
    });

    it("stop-first: the volume's data and the port go over", async () => {
      const spec: Partial<ContainerSpec> = {
        mounts: [{ kind: "volume", name: "kept", target: "/data", readOnly: false }],
        ports: [{ containerPort: 80, hostPort: 18080, protocol: "tcp", hostAddress: "" }],
        command: ["serve"],
      };
      const first = wanted("stop", spec);
      const old = await lifecycle.create(first);
      await inside(old.outs, "sh", "-c", "echo kept > /data/file");
      const news = { ...wanted("stop", { ...spec, env: { V: "2" } }), place: first.place };
      expect(await lifecycle.diff(old.id, old.outs, news)).toEqual({
        replaces: ["spec"],
        deleteBeforeReplace: true,
      });
      await lifecycle.delete(old.id, old.outs);
      const { outs } = await lifecycle.create(news);
      expect(await inside(outs, "cat", "/data/file")).toBe("kept");
      const answer = await fetch(`http://${lab.host("h1").address}:18080/`);
      expect(await answer.text()).toBe("clocker-test\n");
    });
  });

  describe("nothing is lost", () => {
    it("one that Docker could not remove is dead: it counts as absent, and is in the way by its name alone", async () => {
      const inputs = wanted("dead");
      const { id, outs } = await lifecycle.create(inputs);
      const file = `/var/lib/docker/containers/${outs.status.containerId}/stuck`;
      await lab.sh("h1", "sh", "-c", `touch ${file} && chattr +i ${file}`);
      try {
        expect((await lab.exec("h1", ["docker", "rm", "-f", id])).code).not.toBe(0);
        const { props } = await lifecycle.read(id, outs);
        expect(props?.status.drift).toEqual(["it is dead"]);
        const { message } = await failure(lifecycle.update(id, props!, inputs));
        expect(message).toContain(`host h1: container ${id} is dead and cannot be removed`);
        const beside = await lifecycle.create(inputs);
        expect(beside.outs.status.state).toBe("running");
        await lifecycle.delete(beside.id, beside.outs);
      } finally {
        await lab.sh("h1", "chattr", "-i", file);
      }
      await lifecycle.update(id, outs, inputs);
      const rows = await owned("dead");
      expect(rows.map(({ Names, State }) => [Names, State])).toEqual([[[`/${id}`], "running"]]);
    });

    it.each(["created", "claimed", "attached", "started", "healthy"] as const)(
      "an error at %s: kept, healed by update, one container",
      async (point) => {
        armFault(point, "error");
        const inputs = wanted(`err-${point}`);
        const error = await failure(lifecycle.create(inputs));
        expect(error.id).toMatch(/^dev-err-/);
        const before = error.properties!.status.containerId;
        const { outs } = await lifecycle.update(error.id!, error.properties!, inputs);
        expect(outs.status.containerId).toBe(before);
        expect((await owned(`err-${point}`)).map(({ State }) => State)).toEqual(["running"]);
      },
    );

    it.each(["created", "attached", "started"] as const)(
      "a leftover of a death at %s is adopted",
      async (point) => {
        armFault(point, "error");
        const inputs = wanted(`left-${point}`);
        const dead = await failure(lifecycle.create(inputs));
        const { id, outs } = await lifecycle.create(inputs);
        expect(outs.status.containerId).toBe(dead.properties!.status.containerId);
        const rows = await owned(`left-${point}`);
        expect(rows.map(({ Names, State }) => [Names, State])).toEqual([[[`/${id}`], "running"]]);
      },
    );

    it("a foreign container with the wanted address is named, not touched", async () => {
      await lab.sh(
        "h1",
        "docker",
        "run",
        "-d",
        "--name",
        "squatter",
        "--network",
        "lan-77",
        "--ip",
        "10.64.9.9",
        TEST_IMAGE,
      );
      const error = await failure(
        lifecycle.create(wanted("squat", {}, { networks: [network("lan", "10.64.9.9")] })),
      );
      expect(error.message).toBe(
        `host h1: address 10.64.9.9 on lan is taken by squatter (image ${TEST_IMAGE}, not ours)\n` +
          "Run again: the plan then sees who has it and chooses another address.",
      );
      expect(await owned("squat")).toEqual([]);
      expect(await lab.sh("h1", "docker", "inspect", "-f", "{{.State.Running}}", "squatter")).toBe(
        "true",
      );
    });

    it("a port that a process of the host has is refused, nothing is left", async () => {
      const busy = "busybox nc -l -p 18099 >/dev/null 2>&1 & echo $!";
      const pid = await lab.sh("h1", "sh", "-c", busy);
      const ports = [
        { containerPort: 80, hostPort: 18099, protocol: "tcp" as const, hostAddress: "" },
      ];
      const error = await failure(lifecycle.create(wanted("busy", { ports })));
      await lab.exec("h1", ["kill", pid]);
      expect(error.message).toBe(
        "host h1: port 18099/tcp is taken by a process of the host\n" +
          "Choose another host port, or free that one; the container was removed again.",
      );
      expect(await owned("busy")).toEqual([]);
    });

    it("an unhealthy container is kept with the end of its log, its secrets scrubbed", async () => {
      const health = {
        command: ["CMD", "false"],
        intervalSeconds: 0.2,
        timeoutSeconds: 1,
        retries: 1,
        startPeriodSeconds: 0,
      };
      const command = ["sh", "-c", 'echo "token is $TOKEN"; exec idle'];
      const inputs = wanted("sick", { health, command, secretEnv: { TOKEN: CANARY } });
      const error = await failure(lifecycle.create(inputs));
      expect(error.message).toMatch(
        /^host h1: container sick is unhealthy: its check failed [2-9] times\n/,
      );
      expect(error.message).toContain("  - log: token is [secret]");
      expect(error.properties?.status.state).toBe("unhealthy");
    });

    it("memory that is used up is named", async () => {
      const command = ["sh", "-c", "sleep 0.2; tail /dev/zero"];
      // As long as it is not healthy it is waited for, however slowly it eats.
      const health = {
        ...{ command: ["CMD", "false"], retries: 600 },
        ...{ intervalSeconds: 1, timeoutSeconds: 1, startPeriodSeconds: 0 },
      };
      const error = await failure(
        lifecycle.create(
          wanted("hungry", {
            ...{ command, health },
            memoryBytes: 8 * MIB,
            restart: { policy: "no", retries: 0 },
          }),
        ),
      );
      expect(error.message).toContain(
        "container hungry was killed: it used more than its memory limit of 8 MiB",
      );
    });

    it("what is changed by hand is seen and restored", async () => {
      const inputs = wanted(
        "drift",
        {},
        { networks: [network("lan", "10.64.3.1"), network("dmz", "10.65.3.1")] },
      );
      const { id, outs } = await lifecycle.create(inputs);
      await lab.sh("h1", "docker", "network", "disconnect", "dmz-78", id);
      await lab.sh("h1", "docker", "update", "--memory", "64m", "--memory-swap", "64m", id);
      await lab.sh("h1", "docker", "rename", id, "somebody-else");
      const { props } = await lifecycle.read(id, outs);
      expect(props?.status.drift).toEqual([
        `its name is somebody-else, should be ${id}`,
        `its memory limit is ${64 * MIB}, should be ${32 * MIB}`,
        "it is not on dmz as 10.65.3.1",
      ]);
      expect(await lifecycle.diff(id, props!, inputs)).toEqual({ changes: true });
      const { outs: healed } = await lifecycle.update(id, props!, inputs);
      expect(healed).toEqual(outs);
      expect(await lifecycle.read(id, healed)).toEqual({ id, props: outs });
    });

    it("two stacks race for the last slot: one gets it, the other says so and leaves nothing", async () => {
      for (let round = 0; round < 5; round += 1) {
        const slot = (stack: string, address: string) => {
          const inputs = wanted(
            "slot",
            { cpus: 1.5 },
            { host: "h2", networks: [network("lan", address)] },
            stack,
          );
          // Another engine has its own connection, ledger and lock.
          const connection = lab.connection("h2", stack === "s1" ? "root" : "sudo");
          return { ...inputs, place: { ...inputs.place, connection, capacity: { cpus: 2 } } };
        };
        const outcomes = await Promise.allSettled([
          lifecycle.create(slot("s1", "10.64.4.1")),
          lifecycle.create(slot("s2", "10.64.4.2")),
        ]);
        const won = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
        const lost = outcomes.flatMap((one) =>
          one.status === "rejected" ? [one.reason as Error] : [],
        );
        expect(won, lost.map(({ message }) => message).join("; ")).toHaveLength(1);
        expect(lost[0]?.message).toMatch(
          /^lost the race for the last slot on h2\n {2}- app\/s[12]\/slot needs 1\.5 cpus, 0\.5 of 2 are free\n {2}- app\/s[12]\/slot has 1\.5 cpus\nNothing of it was left there; run again: the plan then sees what the others took\.$/,
        );
        const rows = [...(await owned("slot", "h2", "s1")), ...(await owned("slot", "h2", "s2"))];
        expect(rows.map(({ State }) => State)).toEqual(["running"]);
        await lifecycle.delete(won[0]!.id, won[0]!.outs);
      }
    });
  });
});
