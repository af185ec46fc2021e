import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dockerFor } from "../../../provider/host/docker.js";
import { armFault, disarmFaults } from "../../../provider/host/faults.js";
import { forgetLostHosts, giveUpForNow } from "../../../provider/host/lost-hosts.js";
import { LABELS } from "../../../provider/host/ownership.js";
import { forgetPolicies, notePolicies } from "../../../provider/host/unreachable-policy.js";
import type { FaultPoint } from "../../../provider/host/transport.js";
import { useSink } from "../../../provider/progress.js";
import { forgetSecrets } from "../../../provider/redact.js";
import type { PlacedContainerInputs } from "../../../provider/resources/placed-container/inputs.js";
import { useSettleTime } from "../../../provider/resources/placed-container/ready.js";
import type { FakeHost, FakeHosts } from "../../support/fake-transport.js";
import { asAnotherProcess, failure, installHosts } from "./fake-hosts.js";
import { DMZ, inputsOf, LAN, MIB, lifecycle } from "./fixtures.js";

let hosts: FakeHosts;
let h1: FakeHost;
const rows: string[] = [];
const warnings: string[] = [];
const OWNER = "app/dev/web-0";

beforeEach(async () => {
  hosts = await installHosts();
  h1 = hosts.host("h1");
  rows.length = 0;
  warnings.length = 0;
  useSettleTime(5);
  useSink((_urn, message, { warn }) => (warn ? warnings : rows).push(message));
});

afterEach(async () => {
  disarmFaults();
  forgetSecrets();
  useSink();
  useSettleTime();
  await hosts.restore();
});

const owned = (host = h1) => host.docker.labelled(LABELS.owner, OWNER);
const only = (host = h1) => {
  const all = owned(host);
  expect(all).toHaveLength(1);
  return all[0]!;
};
const createIn = async (inputs: PlacedContainerInputs) => lifecycle.create(inputs);

describe("create", () => {
  it("makes it as planned and returns what was found", async () => {
    const inputs = inputsOf();
    const { id, outs } = await createIn(inputs);
    const made = only();
    expect(id).toMatch(/^dev-web-0-[0-9a-f]{8}$/);
    expect(made.name).toBe(id);
    expect(made.state).toBe("running");
    expect(made.networks.get("lan-77")?.IPAddress).toBe("10.64.0.2");
    expect(outs).toEqual({
      ...inputs,
      status: {
        containerId: made.id,
        containerName: id,
        generation: id.slice(-8),
        specHash: made.body.Labels?.[LABELS.spec],
        imageId: made.imageId,
        imageDigest: "sha256:abc",
        state: "running",
      },
    });
  });

  it("attaches further networks in order before the start, with the planned addresses", async () => {
    await createIn(inputsOf({}, { networks: [LAN, DMZ] }));
    const made = only();
    expect([...made.networks.keys()]).toEqual(["lan-77", "dmz-78"]);
    expect(made.networks.get("dmz-78")?.IPAddress).toBe("10.65.0.2");
    // The first one keeps the default route, on daemons that can be told.
    expect([...made.networks.values()].map(({ GwPriority }) => GwPriority ?? 0)).toEqual([0, -1]);
    expect(made.body.HostConfig?.Dns).toEqual(["10.64.0.1", "10.65.0.1", "192.0.2.53"]);
    const order = h1.docker.requests.filter((line) => /connect$|\/start$/.test(line));
    expect(order.map((line) => line.split("/").at(-1))).toEqual(["connect", "start"]);
  });

  it("runs next to foreign containers and leaves them alone", async () => {
    const foreign = h1.docker.addContainer("dev-web-0", { Image: "nginx" });
    await createIn(inputsOf());
    expect(h1.docker.containers.get(foreign.id)?.state).toBe("running");
  });

  it("keeps a container that is unhealthy in the state, with the end of its log", async () => {
    h1.docker.addImage("clocker/web:1", { health: "starting", log: "hidden-value\nlast words\n" });
    const inputs = {
      ...inputsOf({
        waitSeconds: 1,
        health: { command: ["true"] },
        secretEnv: { KEY: "hidden-value" },
      }),
      __provider: "exports.handler=...",
    };
    const error = await failure(createIn(inputs));
    expect(error.reasons).toEqual([
      "host h1: container web-0 was not healthy within 1 s\n" +
        "  - log: [secret]\n" +
        "  - log: last words\n" +
        "It was left there to be looked at; correct it and run again.",
    ]);
    expect(error.id).toBe(only().name);
    expect(error.properties.__provider).toBe("exports.handler=...");
    expect(error.properties.status).toMatchObject({ containerId: only().id, state: "starting" });
    expect(error.properties.spec).toEqual(inputs.spec);

    h1.docker.addImage("clocker/web:1", { health: "healthy" });
    const { outs } = await lifecycle.update(error.id, error.properties, inputs);
    expect(outs.status.containerId).toBe(error.properties.status.containerId);
    expect(outs.status.state).toBe("running");
  });

  it("keeps one that ends at once", async () => {
    h1.docker.addImage("clocker/web:1", { exits: 3 });
    const error = await failure(createIn(inputsOf()));
    expect(error.reasons[0]).toMatch(/^host h1: container web-0 ended with exit code 3\n/);
    expect(error.properties.status.state).toBe("exited");
  });

  it("takes a task that ran to its end for ready", async () => {
    h1.docker.addImage("clocker/web:1", { exits: 0 });
    const { outs } = await createIn(inputsOf({ restart: { policy: "no" } }));
    expect(outs.status.state).toBe("exited");
    const { props } = await lifecycle.read("id", outs);
    expect(props?.status.drift).toBeUndefined();
  });

  it("says which image is missing, where, and how to load it", async () => {
    const error = await failure(createIn(inputsOf({ image: "clocker/none:1", pull: "never" })));
    expect(error.message).toBe(
      'host h1: image clocker/none:1 is not there, and its pull policy is "never"\n' +
        "Load it: docker save clocker/none:1 | ssh -p 22 root@h1 docker load",
    );
    expect(error.id).toBeUndefined();
    expect(owned()).toEqual([]);
  });

  it("pulls what is missing and shows how far it is", async () => {
    h1.docker.registry.set("redis:7", { id: "sha256:77", digest: "sha256:d1" });
    const { outs } = await createIn(inputsOf({ image: "redis:7" }));
    expect(outs.status).toMatchObject({ imageId: "sha256:77", imageDigest: "sha256:d1" });
    expect(rows).toContain("pulling redis:7 50%");
  });

  it("does not try again what a registry refuses", async () => {
    const error = await failure(createIn(inputsOf({ image: "redis:8" })));
    expect(error.message).toBe(
      "host h1: cannot pull redis:8: its registry refuses it, or has no such repository\n" +
        "Check the name, or log in to the registry on h1 (docker login).",
    );
    expect(h1.docker.requests.filter((line) => line === "POST /images/create")).toHaveLength(1);
  });

  it("refuses a port that a foreign container has, names it, and leaves nothing", async () => {
    h1.docker.addContainer("proxy", {
      Image: "nginx",
      HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "8080" }] } },
    });
    const error = await failure(
      createIn(inputsOf({ ports: [{ containerPort: 80, hostPort: 8080 }] })),
    );
    expect(error.message).toBe(
      "host h1: port 8080/tcp is taken by proxy (image nginx, not ours)\n" +
        "Choose another host port, or free that one; the container was removed again.",
    );
    expect(error.id).toBeUndefined();
    expect(owned()).toEqual([]);
    expect(h1.docker.byName("proxy")?.state).toBe("running");
  });

  it("refuses an address that another has, names it, and leaves nothing", async () => {
    h1.docker.addContainer("squatter", {
      Image: "nginx",
      HostConfig: { NetworkMode: "lan-77" },
      NetworkingConfig: {
        EndpointsConfig: { "lan-77": { IPAMConfig: { IPv4Address: LAN.address } } },
      },
    });
    const isTaken =
      "host h1: address 10.64.0.2 on lan is taken by squatter (image nginx, not ours)\n";
    const error = await failure(createIn(inputsOf()));
    expect(error.message).toBe(
      `${isTaken}Run again: the plan then sees who has it and chooses another address.`,
    );
    const fixed = { networks: [{ ...LAN, fixed: true }] };
    expect((await failure(createIn(inputsOf({}, fixed)))).message).toBe(
      `${isTaken}Remove that container, or give this one another address.`,
    );
    expect(owned()).toEqual([]);
    expect(h1.docker.byName("squatter")?.state).toBe("running");
  });

  it("announces an address that the user fixed, and no other", async () => {
    await createIn(inputsOf({}, { networks: [LAN, { ...DMZ, fixed: true }] }));
    const { pid } = only();
    const announced = h1.execs.filter(({ script }) => script?.includes("nsenter"));
    expect(announced.map(({ stdin }) => stdin)).toEqual([`${pid} 10.65.0.2 02:42:0a:41:00:02\n`]);
  });

  it("gives up in time to keep what is there", async () => {
    h1.docker.addImage("clocker/web:1", { health: "starting" });
    const inputs = inputsOf({ waitSeconds: 60, health: { command: ["true"] } });
    inputs.meta.timeouts = { create: 2.3 };
    const error = await failure(createIn(inputs));
    expect(error.reasons).toEqual([
      "host h1: create of container web-0 did not end within 2.3 s\n" +
        "Run again: what is there is kept. Raise customTimeouts if the host is slow.",
    ]);
    expect(error.id).toBe(only().name);
  });

  it("warns of secrets in the environment, by name", async () => {
    await createIn(inputsOf({ secretEnv: { TOKEN: "hidden-value" } }));
    expect(warnings).toEqual([
      "secretEnv TOKEN: whoever may run docker on h1 can read it; secrets are not shown",
    ]);
  });

  it("writes secrets by standard input, never in argv, and binds their folder", async () => {
    await createIn(
      inputsOf({
        user: "999",
        secrets: [
          { name: "password", value: "hidden-value" },
          { name: "cert", value: "other-hidden", path: "/etc/app/cert.pem", mode: "0444", uid: 0 },
        ],
      }),
    );
    const writes = h1.execs.filter(({ script }) => script?.includes("base64 -d"));
    expect(writes[0]?.stdin).toBe(
      `files/password 0400 999 ${Buffer.from("hidden-value").toString("base64")}\n` +
        `at/cert 0444 0 ${Buffer.from("other-hidden").toString("base64")}\n`,
    );
    for (const { argv, script } of h1.execs) {
      expect(argv.join(" ") + (script ?? "")).not.toMatch(/hidden|aGlkZGVu/);
    }
    const made = only();
    const binds = made.body.HostConfig?.Mounts?.map(({ Target, Source }) => [Target, Source]);
    const folder = /^\/run\/clocker\/secrets\/[0-9a-f]{16}-[0-9a-f]{8}/.exec(
      binds?.[0]?.[1] ?? "",
    )?.[0];
    expect(binds).toEqual([
      ["/run/secrets", `${folder}/files`],
      ["/etc/app/cert.pem", `${folder}/at/cert`],
    ]);
    expect(JSON.stringify(made.body)).not.toMatch(/hidden|aGlkZGVu/);
  });

  it("refuses a folder that is a link into what must not be mounted", async () => {
    h1.onExec(({ argv }) => (argv[0] === "readlink" ? { stdout: "/etc\n" } : undefined));
    const mounts = [{ kind: "bind", source: "/srv/conf", target: "/conf", readOnly: true }];
    const error = await failure(createIn(inputsOf({ mounts })));
    expect(error.message).toBe(
      "host h1: mounts[0].bind: must not be /etc of the host or anything in it, and this is a link to it\n" +
        "Mount a folder of its own.",
    );
    expect(owned()).toEqual([]);
  });

  it("starts at most so many at once", async () => {
    let running = 0;
    let most = 0;
    h1.docker.before = async (line) => {
      if (!line.endsWith("/start")) return;
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running -= 1;
    };
    await Promise.all(
      [2, 3, 4, 5, 6].map((n) => {
        const inputs = inputsOf({}, { networks: [{ ...LAN, address: `10.64.0.${n}` }] });
        return createIn({ ...inputs, meta: { ...inputs.meta, name: `web-${n}` } });
      }),
    );
    expect(most).toBe(2);
  });
});

describe("nothing is lost", () => {
  const points: FaultPoint[] = ["pulled", "created", "claimed", "attached", "started", "healthy"];

  it.each(points)(
    "an error at %s: the state keeps what exists and the next up heals it",
    async (point) => {
      const foreign = h1.docker.addContainer("dev-web-0-0badf00d", { Image: "nginx" });
      armFault(point, "error");
      const inputs = { ...inputsOf({}, { networks: [LAN, DMZ] }), __provider: "text" };
      const error = await failure(createIn(inputs));
      expect(error.message).toContain(`fault at ${point}`);
      if (point === "pulled") {
        expect(error.id).toBeUndefined();
        expect(owned()).toEqual([]);
        await createIn(inputs);
      } else {
        const before = only().id;
        expect(error.id).toBe(only().name);
        expect(error.properties.__provider).toBe("text");
        expect(error.properties.status.containerId).toBe(before);
        const { outs } = await lifecycle.update(error.id, error.properties, inputs);
        expect(outs.status.containerId).toBe(before);
        expect(await lifecycle.diff(error.id, outs, inputs)).toEqual({ changes: false });
      }
      expect(only().state).toBe("running");
      expect(h1.docker.byName("dev-web-0-0badf00d")?.id).toBe(foreign.id);
      expect(foreign.state).toBe("running");
    },
  );

  it.each(points)("death at %s: the next create adopts the same container", async (point) => {
    const foreign = h1.docker.addContainer("other", {
      Image: "nginx",
      Labels: { [LABELS.owner]: "app/dev/web-00" },
    });
    // The process dies: it never gets beyond this point, and nobody hears of it.
    let reached!: () => void;
    const dead = new Promise<void>((resolve) => (reached = resolve));
    const disarm = armFault(point, () => {
      reached();
      return new Promise<void>(() => {});
    });
    const inputs = inputsOf({}, { networks: [LAN, DMZ] });
    void createIn(inputs).catch(() => {});
    await dead;
    disarm();
    const left = owned()[0]?.id;
    // Another process: its own connections, and the lock of the dead one is gone.
    hosts = await asAnotherProcess(hosts);
    h1 = hosts.host("h1");

    const { id, outs } = await createIn(inputs);
    const made = only();
    expect(made.state).toBe("running");
    expect(made.name).toBe(id);
    if (left !== undefined) expect(outs.status.containerId).toBe(left);
    expect([...made.networks.keys()].sort()).toEqual(["dmz-78", "lan-77"]);
    expect(foreign.state).toBe("running");

    expect(await lifecycle.diff(id, outs, inputs)).toEqual({ changes: false });
    const { props } = await lifecycle.read(id, outs);
    expect(props).toEqual(outs);
    await lifecycle.delete(id, outs);
    expect(owned()).toEqual([]);
    expect(foreign.state).toBe("running");
  });

  it("a leftover of another spec is replaced, not adopted", async () => {
    const first = await createIn(inputsOf({ image: "clocker/web:2" }));
    const { outs } = await createIn(inputsOf());
    expect(outs.status.containerId).not.toBe(first.outs.status.containerId);
    expect(only().id).toBe(outs.status.containerId);
  });

  it("a leftover of the same tag but an older image is replaced", async () => {
    const first = await createIn(inputsOf());
    h1.docker.addImage("clocker/web:1", { id: "sha256:moved" });
    const { outs } = await createIn(inputsOf());
    expect(outs.status.imageId).toBe("sha256:moved");
    expect(only().id).not.toBe(first.outs.status.containerId);
  });

  it("a leftover that holds the port or the address goes before the start", async () => {
    const ports = [{ containerPort: 80, hostPort: 8080 }];
    await createIn(inputsOf({ ports, image: "clocker/web:2" }));
    await createIn(inputsOf({ ports }));
    expect(only().body.Image).toBe("clocker/web:1");
  });

  it("a leftover that runs goes before another writes to the same volume", async () => {
    const mounts = [{ kind: "volume" as const, name: "data", target: "/data", readOnly: false }];
    await createIn(inputsOf({ mounts, image: "clocker/web:2" }, { networks: [] }));
    let running = 0;
    armFault("healthy", () => {
      running = owned().filter(({ state }) => state === "running").length;
    });
    await createIn(inputsOf({ mounts }, { networks: [] }));
    expect(running).toBe(1);
    expect(only().body.Image).toBe("clocker/web:1");
  });

  it("a leftover that has its device goes before the start", async () => {
    const place = { networks: [], devices: ["/dev/dri/renderD128"] };
    await createIn(inputsOf({ image: "clocker/web:2" }, place));
    let there = 0;
    armFault("started", () => {
      there = owned().length;
    });
    await createIn(inputsOf({}, place));
    expect(there).toBe(1);
    expect(only().body.Image).toBe("clocker/web:1");
  });

  it("a leftover without the devices that the plan gave it is not adopted", async () => {
    const first = await createIn(inputsOf({}, { networks: [] }));
    const devices = ["/dev/dri/renderD128"];
    const second = await createIn(inputsOf({}, { networks: [], devices }));
    expect(second.outs.status.containerId).not.toBe(first.outs.status.containerId);
    expect(only().body.HostConfig?.Devices).toMatchObject([{ PathOnHost: devices[0] }]);
  });

  it("start-first: the old one runs until the new one is healthy, then goes", async () => {
    const old = await createIn(inputsOf());
    let beside = 0;
    armFault("healthy", () => {
      beside = owned().filter(({ state }) => state === "running").length;
    });
    const news = inputsOf(
      { image: "clocker/web:2" },
      { networks: [{ ...LAN, address: "10.64.0.3" }] },
    );
    const { outs } = await createIn(news);
    expect(beside).toBe(2);
    expect(only().id).toBe(outs.status.containerId);
    await lifecycle.delete(old.id, old.outs);
    expect(only().id).toBe(outs.status.containerId);
  });

  it("start-first: an unhealthy new one leaves the old one running", async () => {
    const old = await createIn(inputsOf());
    h1.docker.addImage("clocker/web:2", { exits: 1 });
    const news = inputsOf(
      { image: "clocker/web:2" },
      { networks: [{ ...LAN, address: "10.64.0.3" }] },
    );
    await failure(createIn(news));
    expect(h1.docker.containers.get(old.outs.status.containerId)?.state).toBe("running");
  });

  it("delete of an old generation leaves what a newer one has adopted", async () => {
    const old = await createIn(inputsOf());
    const { outs } = await createIn(inputsOf());
    expect(outs.status.containerId).toBe(old.outs.status.containerId);
    await lifecycle.delete(old.id, old.outs);
    expect(only().state).toBe("running");
    await lifecycle.delete("id", outs);
    expect(owned()).toEqual([]);
  });
});

describe("update", () => {
  it("changes limits in place", async () => {
    const { id, outs } = await createIn(inputsOf());
    const news = inputsOf({
      cpus: 1,
      memoryBytes: 128 * MIB,
      pids: 99,
      restart: { policy: "always" },
    });
    const updated = await lifecycle.update(id, outs, news);
    expect(updated.outs.status.containerId).toBe(outs.status.containerId);
    expect(only().body.HostConfig).toMatchObject({
      NanoCpus: 1e9,
      Memory: 128 * MIB,
      MemorySwap: 128 * MIB,
      PidsLimit: 99,
      RestartPolicy: { Name: "always", MaximumRetryCount: 0 },
    });
  });

  it("attaches and detaches in place, and says what an attachment lacks", async () => {
    const { id, outs } = await createIn(inputsOf());
    const both = await lifecycle.update(id, outs, inputsOf({}, { networks: [LAN, DMZ] }));
    expect([...only().networks.keys()]).toEqual(["lan-77", "dmz-78"]);
    expect(warnings).toEqual([
      "attached to dmz while running: names on it resolve once the container is replaced, addresses now",
    ]);
    await lifecycle.update(id, both.outs, inputsOf({}, { networks: [DMZ] }));
    expect([...only().networks.keys()]).toEqual(["dmz-78"]);
    expect(only().state).toBe("running");
  });

  it("moves it to another address in place", async () => {
    const { id, outs } = await createIn(inputsOf());
    await lifecycle.update(
      id,
      outs,
      inputsOf({}, { networks: [{ ...LAN, address: "10.64.0.7" }] }),
    );
    expect(only().networks.get("lan-77")?.IPAddress).toBe("10.64.0.7");
    expect(only().id).toBe(outs.status.containerId);
  });

  it("starts what was stopped and makes again what was removed, under the same id", async () => {
    const { id, outs } = await createIn(inputsOf());
    await dockerFor(inputsOf().place.connection).stopContainer(only().id);
    const seen = await lifecycle.read(id, outs);
    expect(seen.props?.status.drift).toEqual(["it is exited"]);
    expect(await lifecycle.diff(id, seen.props!, inputsOf())).toEqual({ changes: true });
    const again = await lifecycle.update(id, seen.props!, inputsOf());
    expect(only().state).toBe("running");
    expect(again.outs.status.drift).toBeUndefined();
    await dockerFor(inputsOf().place.connection).removeContainer(only().id, true);
    const remade = await lifecycle.update(id, again.outs, inputsOf());
    expect(remade.outs.status.containerName).toBe(id);
    expect(only().name).toBe(id);
  });
});

describe("a container that is paused", () => {
  it("goes on with the next up", async () => {
    const { id, outs } = await createIn(inputsOf());
    only().isPaused = true;
    const { props } = await lifecycle.read(id, outs);
    expect(props?.status.drift).toEqual(["it is paused"]);
    await lifecycle.update(id, props!, inputsOf());
    expect(only().isPaused).toBe(false);
    expect((await lifecycle.read(id, outs)).props?.status.drift).toBeUndefined();
  });
});

describe("read", () => {
  it("changes nothing of a container that is as it should be", async () => {
    const { id, outs } = await createIn(inputsOf({}, { networks: [LAN, DMZ] }));
    expect(await lifecycle.read(id, outs)).toEqual({ id, props: outs });
  });

  it("finds it under another name and says so", async () => {
    const { id, outs } = await createIn(inputsOf());
    only().name = "renamed";
    const { props } = await lifecycle.read(id, outs);
    expect(props?.status.drift).toEqual([`its name is renamed, should be ${id}`]);
    const { outs: restored } = await lifecycle.update(id, props!, inputsOf());
    expect(only().name).toBe(id);
    expect(restored.status.drift).toBeUndefined();
  });

  it("says so again when it looks again", async () => {
    const { id, outs } = await createIn(inputsOf());
    only().name = "renamed";
    const first = await lifecycle.read(id, outs);
    const second = await lifecycle.read(id, first.props!);
    expect(second.props?.status.drift).toEqual([`its name is renamed, should be ${id}`]);
  });

  it("names every limit that was changed by hand", async () => {
    const { id, outs } = await createIn(inputsOf({}, { networks: [LAN, DMZ] }));
    const made = only();
    Object.assign(made.body.HostConfig!, { Memory: 1, PidsLimit: 2, NanoCpus: 3e9 });
    made.networks.delete("dmz-78");
    const { props } = await lifecycle.read(id, outs);
    expect(props?.status.drift).toEqual([
      "its cpu limit is 3, should be 0.5",
      `its memory limit is 1, should be ${64 * MIB}`,
      "its limit of processes is 2, should be 64",
      "it is not on dmz as 10.65.0.2",
    ]);
  });

  it("names the address that it lacks, of either family", async () => {
    const both = { ...LAN, address6: "fd00:64::2" };
    const { id, outs } = await createIn(inputsOf({}, { networks: [both] }));
    const drift = async () => (await lifecycle.read(id, outs)).props?.status.drift;
    const endpoint = only().networks.get("lan-77")!;
    endpoint.IPAMConfig = { ...endpoint.IPAMConfig, IPv6Address: "fd00:64::9" };
    expect(await drift()).toEqual(["it is not on lan as fd00:64::2"]);
    endpoint.IPAMConfig.IPv4Address = "10.64.0.9";
    expect(await drift()).toEqual([`it is not on lan as ${LAN.address}`]);
  });

  it("names the network on which Docker leads other names to it, and leaves Docker's own out", async () => {
    const named = { ...LAN, gateway: "", names: "docker" as const, aliases: ["web", "web-0"] };
    const { id, outs } = await createIn(inputsOf({}, { networks: [named] }));
    const endpoint = only().networks.get("lan-77")!;
    expect(endpoint.Aliases).toEqual(named.aliases);
    endpoint.Aliases = [only().id.slice(0, 12), "web-0", "web"];
    expect((await lifecycle.read(id, outs)).props?.status.drift).toBeUndefined();
    endpoint.Aliases = ["web"];
    expect((await lifecycle.read(id, outs)).props?.status.drift).toEqual([
      "its names on lan differ",
    ]);
    const { outs: healed } = await lifecycle.update(id, outs, inputsOf({}, { networks: [named] }));
    expect(healed.status.drift).toBeUndefined();
    expect(only().networks.get("lan-77")!.Aliases).toEqual(named.aliases);
  });

  it("gone is gone", async () => {
    const { id, outs } = await createIn(inputsOf());
    h1.docker.containers.clear();
    expect(await lifecycle.read(id, outs)).toEqual({});
  });

  it("unreachable is not gone", async () => {
    const { id, outs } = await createIn(inputsOf());
    h1.down = true;
    h1.dropConnections();
    const error = await failure<Error>(lifecycle.read(id, outs));
    expect(error.message).toContain("host h1: cannot be reached");
  });
});

describe("delete", () => {
  it("stops, removes, keeps volumes, and may be repeated", async () => {
    const mounts = [{ kind: "volume", name: "data", target: "/data" }];
    const { id, outs } = await createIn(inputsOf({ mounts }));
    await lifecycle.delete(id, outs);
    await lifecycle.delete(id, outs);
    expect(owned()).toEqual([]);
    expect(h1.docker.volumes.has("data")).toBe(true);
  });

  it("never touches one that has its id's name but not the owner label", async () => {
    const { id, outs } = await createIn(inputsOf());
    const made = only();
    made.body.Labels = {};
    await lifecycle.delete(id, outs);
    expect(h1.docker.containers.get(made.id)?.state).toBe("running");
  });

  it("removes one that was renamed by hand", async () => {
    const { id, outs } = await createIn(inputsOf());
    only().name = "renamed";
    await lifecycle.delete(id, outs);
    expect(owned()).toEqual([]);
  });

  it("fails while the host cannot be reached", async () => {
    const { id, outs } = await createIn(inputsOf());
    h1.down = true;
    h1.dropConnections();
    const error = await failure<Error>(lifecycle.delete(id, outs));
    expect(error.message).toContain("host h1: cannot be reached");
    expect(owned()).toHaveLength(1);
  });

  it("forgets, if asked to, and says what remains", async () => {
    const { id, outs } = await createIn(inputsOf());
    h1.down = true;
    h1.dropConnections();
    const place = {
      ...outs.place,
      connection: { ...outs.place.connection, whenUnreachable: "forget" as const },
    };
    await lifecycle.delete(id, { ...outs, place });
    expect(warnings).toEqual([
      `host h1 cannot be reached: container ${id} and its volumes remain there`,
    ]);
  });

  it("takes note of a host that is given up, and of nothing else", async () => {
    const { id, outs } = await createIn(inputsOf());
    h1.down = true;
    h1.dropConnections();
    const connection = { ...outs.place.connection, whenUnreachable: "forget" as const };
    const given = { ...outs, place: { ...outs.place, connection } };
    expect((await lifecycle.update(id, outs, given)).outs).toEqual(given);
    const more = { ...given, spec: { ...given.spec, pids: 99 } };
    const error = await failure(lifecycle.update(id, outs, more));
    expect(error.message).toMatch(/^host h1: cannot be reached/);
  });

  it("forgets, if the program says so only now", async () => {
    const { id, outs } = await createIn(inputsOf());
    h1.down = true;
    h1.dropConnections();
    const { connection } = outs.place;
    try {
      notePolicies([{ ...connection, whenUnreachable: "forget" }]);
      await lifecycle.delete(id, outs);
      expect(warnings).toEqual([
        `host h1 cannot be reached: container ${id} and its volumes remain there`,
      ]);
      notePolicies([{ ...connection, whenUnreachable: "fail" }]);
      const forgetful = {
        ...outs.place,
        connection: { ...connection, whenUnreachable: "forget" as const },
      };
      const error = await failure(lifecycle.delete(id, { ...outs, place: forgetful }));
      expect(error.message).toMatch(/^host h1: cannot be reached/);
    } finally {
      forgetPolicies();
    }
  });

  it("waits for a host that was given up only where the plan keeps count of this container", async () => {
    const { id, outs } = await createIn(inputsOf());
    h1.down = true;
    h1.dropConnections();
    try {
      giveUpForNow(outs.place.connection, ["web-1"]);
      const error = await failure(lifecycle.delete(id, outs));
      expect(error.message).toMatch(/^host h1: cannot be reached/);
      expect(warnings).toEqual([]);
      giveUpForNow(outs.place.connection, ["web-0"]);
      await lifecycle.delete(id, outs);
      expect(warnings).toEqual([
        `host h1 cannot be reached: container ${id}, if it is still there, is removed by the first up that reaches the host`,
      ]);
    } finally {
      forgetLostHosts();
    }
  });
});
