import { afterAll, beforeAll, expect, it } from "vitest";
import type { ContainerInspect } from "../../provider/host/docker-types.js";
import { dockerFor } from "../../provider/host/docker.js";
import { closeTransports } from "../../provider/host/pool.js";
import { SPEC_DEFAULTS, withDefaults } from "../../provider/resources/placed-container/defaults.js";
import type {
  ContainerSpec,
  PlacedContainerInputs,
  PlacedContainerState,
} from "../../provider/resources/placed-container/inputs.js";
import { placedContainerLifecycle } from "../../provider/resources/placed-container/lifecycle.js";
import { wrapLifecycle } from "../../provider/wrap.js";
import { loadImages } from "../../lab/images/index.js";
import { describeLab, IMAGE_CACHE, withLab } from "../support/lab.js";
import { buildOfficialImages, OFFICIAL } from "./support/official/images.js";

const lifecycle = wrapLifecycle(placedContainerLifecycle, { kind: "PlacedContainer" });
type Service = keyof typeof OFFICIAL;
const SERVICES = ["redis", "postgres", "mysql", "nginx"] as const satisfies Service[];
const PASSWORD = "only-a-test-5b1e";

/** How each is used, as the pages of the official images say; nothing that would loosen our defaults. */
const USES: Record<
  Service,
  {
    spec: Partial<ContainerSpec>;
    data?: string;
    /** Writes something; run once. */
    write?: string[];
    /** Asks for what was written, over the network where the service has one. */
    read: string[];
    answer: string;
    /** User of its main process, once it has dropped what its entrypoint needed. */
    uid: number;
    /** What it needs when its root is read-only and it has no capability. */
    hardened: Partial<ContainerSpec> & { user: string };
    /** The last thing it says when it was stopped in order. */
    goodbye: RegExp;
  }
> = {
  redis: {
    spec: { health: check("redis-cli", "ping") },
    data: "/data",
    write: ["sh", "-c", "redis-cli set greeting kept && redis-cli config set appendonly yes"],
    read: ["redis-cli", "-h", "redis", "get", "greeting"],
    answer: "kept",
    uid: 999,
    hardened: { user: "999" },
    goodbye: /Redis is now ready to exit, bye bye/,
  },
  postgres: {
    spec: {
      secrets: [{ name: "password", value: PASSWORD }],
      env: { POSTGRES_PASSWORD_FILE: "/run/secrets/password", POSTGRES_DB: "shop" },
      health: check("pg_isready", "-h", "postgres", "-U", "postgres"),
    },
    data: "/var/lib/postgresql/data",
    write: sql("INSERT INTO made_by_script VALUES (42)"),
    read: sql("SELECT id FROM made_by_script"),
    answer: "42",
    uid: 999,
    hardened: { user: "999" },
    goodbye: /database system is shut down/,
  },
  mysql: {
    spec: {
      secrets: [{ name: "password", value: PASSWORD }],
      env: { MYSQL_ROOT_PASSWORD_FILE: "/run/secrets/password", MYSQL_DATABASE: "shop" },
      health: check("mariadb-admin", "-h", "mysql", "-uroot", `-p${PASSWORD}`, "ping"),
    },
    data: "/var/lib/mysql",
    write: mariadb("INSERT INTO made_by_script VALUES (42)"),
    read: mariadb("SELECT id FROM made_by_script"),
    answer: "42",
    uid: 999,
    hardened: { user: "999", mounts: [{ kind: "tmpfs", target: "/run/mysqld" }] },
    goodbye: /Shutdown complete/,
  },
  nginx: {
    spec: { ports: [{ containerPort: 80, hostPort: 8080, protocol: "tcp", hostAddress: "" }] },
    read: [
      "bash",
      "-c",
      "exec 3<>/dev/tcp/nginx/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; tail -n 1 <&3",
    ],
    answer: "<h1>Welcome to nginx!</h1>",
    uid: 0,
    hardened: { user: "101", ports: [], mounts: [{ kind: "tmpfs", target: "/var/cache/nginx" }] },
    goodbye: /exit$/m,
  },
};

function check(...command: string[]) {
  return {
    command: ["CMD", ...command],
    intervalSeconds: 0.5,
    timeoutSeconds: 5,
    retries: 3,
    startPeriodSeconds: 60,
  };
}
function sql(statement: string): string[] {
  return [
    "env",
    `PGPASSWORD=${PASSWORD}`,
    "psql",
    "-h",
    "postgres",
    "-U",
    "postgres",
    "-d",
    "shop",
    "-Atc",
    statement,
  ];
}
function mariadb(statement: string): string[] {
  return ["mariadb", "-h", "mysql", "-uroot", `-p${PASSWORD}`, "-N", "-e", statement, "shop"];
}

describeLab("the official images run unchanged", () => {
  const lab = withLab("official", { hosts: 1, cpus: 4, memory: 4 * 1024 ** 3, image: false });
  let last = 9;

  beforeAll(async () => {
    const images = await buildOfficialImages(IMAGE_CACHE);
    await lab.sh("h1", "docker", "network", "create", "--subnet", "10.64.0.0/16", "lan-77");
    await Promise.all(images.map((image) => loadImages([image], lab.hosts)));
  });
  afterAll(closeTransports);

  function wanted(
    service: Service,
    name: string,
    spec: Partial<ContainerSpec>,
  ): PlacedContainerInputs {
    const { data } = USES[service];
    const volume = { kind: "volume", name: `${name}-data`, target: data ?? "", readOnly: false };
    return {
      meta: { project: "app", stack: "dev", name, urn: "" },
      cloud: "cloud",
      spec: withDefaults({
        pull: "never",
        image: OFFICIAL[service],
        hostname: service, // its own name is the only one that the health checks ask for
        networks: [{ network: "lan" }],
        ...spec,
        mounts: [...(data === undefined ? [] : [volume]), ...(spec.mounts ?? [])],
      }) as unknown as ContainerSpec,
      place: {
        host: "h1",
        connection: lab.connection("h1"),
        reason: "",
        capacity: { cpus: 16, memoryBytes: 16 * 1024 ** 3 }, // all at once
        networks: [
          {
            network: "lan",
            dockerName: "lan-77",
            vni: 77,
            domain: "lan.clocker",
            address: `10.64.0.${(last += 1)}`,
            gateway: "",
            fixed: false,
          },
        ],
      },
    };
  }

  const docker = () => dockerFor(lab.connection("h1"));
  const inspect = (state: PlacedContainerState): Promise<ContainerInspect> =>
    docker().inspectContainer(state.status.containerId);
  const inside = async (state: PlacedContainerState, argv: readonly string[]): Promise<string> => {
    const { stdout, stderr, code } = await docker().exec(state.status.containerId, [...argv]);
    if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}: ${stderr}${stdout}`);
    return stdout.trim();
  };
  it.concurrent.each(SERVICES)(
    "%s, with its entrypoint as root, on a new volume",
    async (service) => {
      const use = USES[service];
      const inputs = wanted(service, service, use.spec);
      const first = await lifecycle.create(inputs);
      const { HostConfig, Config } = await inspect(first.outs);
      // Nothing was loosened for it: our defaults, and no command, entrypoint or user of ours.
      expect(HostConfig).toMatchObject({
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        PidsLimit: SPEC_DEFAULTS.pids,
        Memory: SPEC_DEFAULTS.memoryBytes,
        Privileged: false,
      });
      expect(Config.User).toBe("");
      expect(await inside(first.outs, ["stat", "-c", "%u", "/proc/1"])).toBe(String(use.uid));
      if (use.write) await inside(first.outs, use.write);
      expect(await inside(first.outs, use.read)).toBe(use.answer);
      if (service === "nginx") {
        const answer = await fetch(`http://${lab.host("h1").address}:8080/`);
        expect(await answer.text()).toBe(`${use.answer}\n`);
        // The master binds port 80 as root, the workers that serve are nginx.
        const workers = [
          "bash",
          "-c",
          "for pid in $(cat /proc/1/task/1/children); do stat -c %u /proc/$pid; done",
        ];
        expect(new Set((await inside(first.outs, workers)).split("\n"))).toEqual(new Set(["101"]));
      }

      // A volume or a host port forces stop-first; it ends by the signal of its image, in order, and the data stays.
      const news = structuredClone(inputs);
      news.spec.env = { ...news.spec.env, CHANGED: "1" };
      expect(await lifecycle.diff(first.id, first.outs, news)).toEqual({
        replaces: ["spec"],
        deleteBeforeReplace: true,
      });
      await docker().stopContainer(first.outs.status.containerId, SPEC_DEFAULTS.stopTimeoutSeconds);
      const { State } = await inspect(first.outs);
      expect([State.ExitCode, State.OOMKilled]).toEqual([0, false]);
      const id = first.outs.status.containerId;
      expect(await docker().logs(id, { tail: 50, timeoutMs: 10_000 })).toMatch(use.goodbye);
      await lifecycle.delete(first.id, first.outs);
      const second = await lifecycle.create(news);
      expect(second.outs.status.containerId).not.toBe(id);
      expect(await inside(second.outs, use.read)).toBe(use.answer);
      await lifecycle.delete(second.id, second.outs);
    },
  );

  it.concurrent.each(SERVICES)("%s, hardened and not as root", async (service) => {
    const use = USES[service];
    const { outs, id } = await lifecycle.create(
      wanted(service, `${service}-hard`, { ...use.spec, ...use.hardened, hardened: true }),
    );
    const status = await inside(outs, ["grep", "-E", "^(CapBnd|Uid)", "/proc/1/status"]);
    const uid = use.hardened.user;
    expect(status).toBe(`Uid:\t${uid}\t${uid}\t${uid}\t${uid}\nCapBnd:\t0000000000000000`);
    if (use.write) await inside(outs, use.write);
    expect(await inside(outs, use.read)).toBe(use.answer);
    await lifecycle.delete(id, outs);
  });

  it.concurrent.each(["redis", "postgres"] as const)(
    "%s, not as root and else as it is",
    async (service) => {
      const use = USES[service];
      const { outs, id } = await lifecycle.create(
        wanted(service, `${service}-user`, { ...use.spec, user: "999" }),
      );
      expect(await inside(outs, ["id", "-u"])).toBe("999");
      if (use.write) await inside(outs, use.write);
      expect(await inside(outs, use.read)).toBe(use.answer);
      await lifecycle.delete(id, outs);
    },
  );

  it.concurrent(
    "hardened as root, which no such entrypoint bears: the error says what to do",
    async () => {
      const inputs = wanted("redis", "redis-root", {
        hardened: true,
        restart: { policy: "no", retries: 0 },
      });
      const error = await lifecycle
        .create(inputs)
        .catch((reason: unknown) => reason as Error & Left);
      expect((error as Error).message).toBe(
        [
          "host h1: container redis-root ended with exit code 127",
          "  - log: setpriv: setresuid failed: Operation not permitted",
          'It is hardened and starts as root, which then cannot change to another user or take folders over: set "user" to the one its image has for that, or name what it needs in capabilities.add. ' +
            "Its root is read-only except for /tmp and /run, which are empty at first: mount a volume or a tmpfs where it has to write. " +
            "It was left there to be looked at; correct it and run again.",
        ].join("\n"),
      );
      const { id, properties } = error as Left;
      await lifecycle.delete(id, properties);
    },
  );
});

interface Left {
  id: string;
  properties: PlacedContainerState;
}
