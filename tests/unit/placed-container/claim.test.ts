import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claim, claimChange, releaseClaim, type Claimant } from "../../../provider/host/claim.js";
import { DockerClient } from "../../../provider/host/docker.js";
import { LABELS } from "../../../provider/host/ownership.js";
import { REPORT_RESERVATIONS } from "../../../provider/host/reservations.js";
import { startsAtOnce } from "../../../provider/host/starts.js";
import { FakeHosts, type FakeHost } from "../../support/fake-transport.js";
import { MIB } from "./fixtures.js";

let hosts: FakeHosts;
let h1: FakeHost;
beforeEach(async () => {
  hosts = await FakeHosts.install("h1");
  h1 = hosts.host("h1");
  h1.docker.addImage("web");
});
afterEach(() => hosts.restore());

let serial = 0;
const claimant = (stack: string, more: Partial<Claimant> = {}): Claimant => ({
  owner: `app/${stack}/c${(serial += 1)}`,
  generation: (serial + 0x10000000).toString(16),
  cpus: 1,
  memoryBytes: 100 * MIB,
  capacity: { cpus: 4, memoryBytes: 1000 * MIB },
  ...more,
});

/** Each engine is a process of its own: own transport, own memory, the same host. */
const engine = () => new DockerClient(h1.transport(hosts.connection("h1")));

async function place(docker: DockerClient, who: Claimant): Promise<string> {
  let id = "";
  return claim(
    docker,
    who,
    async () => {
      const made = await docker.createContainer(`c-${who.generation}`, {
        Image: "web",
        Labels: {
          [LABELS.owner]: who.owner,
          [LABELS.generation]: who.generation,
          [LABELS.cpus]: String(who.cpus),
          [LABELS.memory]: String(who.memoryBytes),
        },
        HostConfig: { NanoCpus: who.cpus * 1e9, Memory: who.memoryBytes },
      });
      return (id = made.Id);
    },
    () => docker.removeContainer(id, true),
  );
}

/** The host's folder of changed reservations. */
function keepReservations(host: FakeHost): Map<string, string> {
  const files = new Map<string, string>();
  host.onExec(({ argv, script }) => {
    if (script?.startsWith("root=$1; id=$2; amounts=$3")) {
      files.set(argv[2] ?? "", argv[3] ?? "");
      return {};
    }
    if (script === REPORT_RESERVATIONS) {
      const lines = [...files].map(([id, amounts]) => `reservation ${id} ${amounts}\n`);
      return { stdout: lines.join("") };
    }
    return undefined;
  });
  return files;
}

const reason = async (promise: Promise<unknown>) =>
  promise.then(
    () => "",
    (error: Error) => error.message,
  );

describe("claim", () => {
  it("the last slot goes to exactly one of many engines, over 200 races", async () => {
    for (let round = 0; round < 200; round += 1) {
      const capacity = { cpus: 1, memoryBytes: 1000 * MIB };
      const outcomes = await Promise.allSettled(
        ["a", "b", "c"].map((stack) => place(engine(), claimant(stack, { capacity }))),
      );
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(h1.docker.containers.size).toBe(1);
      h1.docker.containers.clear();
    }
  });

  it("one engine's parallel creations never add up to more than there is", async () => {
    const docker = engine();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 9 }, () => place(docker, claimant("a"))),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(4);
    expect(h1.docker.containers.size).toBe(4);
  });

  it("says what lacks, and leaves nothing", async () => {
    const holder = claimant("b", { owner: "app/b/web", cpus: 3.5, memoryBytes: 950 * MIB });
    await place(engine(), holder);
    const who = claimant("a", { owner: "app/a/web" });
    expect(await reason(place(engine(), who))).toBe(
      "lost the race for the last slot on h1\n" +
        "  - app/a/web needs 1 cpus, 0.5 of 4 are free\n" +
        "  - app/a/web needs 100 MiB memory, 50 of 1000 are free\n" +
        "  - app/b/web has 3.5 cpus and 950 MiB memory\n" +
        "Nothing of it was left there; run again: the plan then sees what the others took.",
    );
    expect(h1.docker.containers.size).toBe(1);
  });

  it("counts our containers of all stacks against the host's limit, as the plan does", async () => {
    const capacity = { cpus: 9, memoryBytes: 1000 * MIB, maxContainers: 1 };
    h1.docker.addContainer("foreign", { Image: "web" });
    await place(engine(), claimant("b", { owner: "app/b/web" }));
    const who = claimant("a", { owner: "app/a/web", capacity });
    expect(await reason(place(engine(), who))).toContain(
      "  - app/a/web would be container 2 of at most 1\n  - app/b/web has a place\n",
    );
  });

  it("lets a successor take its own place when the limit has become lower", async () => {
    const capacity = { cpus: 9, memoryBytes: 1000 * MIB, maxContainers: 1 };
    await place(engine(), claimant("b", { owner: "app/b/web" }));
    const first = claimant("a", { owner: "app/a/web" });
    await place(engine(), first);
    const next = claimant("a", { owner: "app/a/web", capacity });
    expect(await reason(place(engine(), next))).toBe("");
    expect(h1.docker.containers.size).toBe(3);
    expect(await reason(place(engine(), claimant("a", { capacity })))).toContain(
      "would be container 3 of at most 1",
    );
  });

  it("counts a container and the one it replaces as the newer, also in the up after one that failed", async () => {
    const docker = engine();
    const web = (cpus: number) => claimant("a", { owner: "app/a/web", cpus });
    await place(docker, web(3));
    await place(docker, web(1));
    for (const [age, container] of [...h1.docker.containers.values()].entries())
      container.created = 1000 + age;
    for (const each of [docker, engine()]) {
      const other = claimant("a", { owner: "app/a/other", cpus: 3 });
      expect(await reason(place(each, { ...other, cpus: 3.5 }))).toContain(
        "app/a/other needs 3.5 cpus, 3 of 4 are free\n  - app/a/web has 1 cpus\n",
      );
      expect(await reason(place(each, other))).toBe("");
      h1.docker.containers.delete([...h1.docker.containers.keys()].at(-1)!);
      releaseClaim(each.transport, other.generation);
    }
  });

  it("gives nobody the device of a container that is still to go", async () => {
    const web = (devices: string[]) => claimant("a", { owner: "app/a/web", devices });
    const docker = engine();
    await place(docker, web(["gpu-0"]));
    await place(docker, web(["gpu-1"]));
    const other = claimant("a", { owner: "app/a/other", devices: ["gpu-0"] });
    expect(await reason(place(docker, other))).toContain("app/a/web has device gpu-0");
  });

  it("names the newest of those who came before", async () => {
    for (const name of ["one", "two", "three", "four", "five"])
      await place(engine(), claimant("b", { owner: `app/b/${name}`, cpus: 0.75 }));
    for (const [age, container] of [...h1.docker.containers.values()].entries())
      container.created = 1000 + age;
    expect(await reason(place(engine(), claimant("a", { owner: "app/a/web" })))).toBe(
      "lost the race for the last slot on h1\n" +
        "  - app/a/web needs 1 cpus, 0.25 of 4 are free\n" +
        "  - app/b/five has 0.75 cpus\n" +
        "  - app/b/four has 0.75 cpus\n" +
        "  - app/b/three has 0.75 cpus\n" +
        "  - 2 more have some, made earlier\n" +
        "Nothing of it was left there; run again: the plan then sees what the others took.",
    );
  });

  it("does not count what it replaces, nor what is not ours", async () => {
    await place(engine(), claimant("a", { owner: "app/a/web", cpus: 4 }));
    h1.docker.addContainer("foreign", { Image: "web", HostConfig: { NanoCpus: 4e9 } });
    expect(await reason(place(engine(), claimant("a", { owner: "app/a/web", cpus: 4 })))).toBe("");
  });

  it("counts what was granted since a container was made, and has no need to inspect it", async () => {
    const changed = keepReservations(h1);
    const first = claimant("b");
    const id = await place(engine(), first);
    const before = { cpus: 1, memoryBytes: 100 * MIB };
    let limits = 0;
    const more = { ...first, cpus: 4, before };
    await claimChange(engine(), more, id, async () => void (limits += 1));
    expect(limits).toBe(1);
    expect(changed.get(id)).toBe(`4 ${100 * MIB}`);
    expect(await reason(place(engine(), claimant("a")))).toContain("0 of 4 are free");
    expect(h1.docker.requests.filter((line) => line.startsWith("GET /containers/"))).not.toContain(
      `GET /containers/${id}/json`,
    );
  });

  it("grants a running container no more than there is, and less always", async () => {
    const changed = keepReservations(h1);
    const first = claimant("b", { owner: "app/b/web", cpus: 2 });
    const id = await place(engine(), first);
    await place(engine(), claimant("c", { owner: "app/c/web", cpus: 2 }));
    const before = { cpus: 2, memoryBytes: 100 * MIB };
    const none = async () => expect.unreachable("its limits must not change");
    expect(await reason(claimChange(engine(), { ...first, cpus: 3, before }, id, none))).toBe(
      "lost the race for the last slot on h1\n" +
        "  - app/b/web needs 3 cpus, 2 of 4 are free\n" +
        "  - app/c/web has 2 cpus\n" +
        "Its limits are as before; run again: the plan then sees what the others took.",
    );
    expect(changed.get(id)).toBe(`2 ${100 * MIB}`);
    const full = { cpus: 1, memoryBytes: MIB };
    const less = { ...first, cpus: 1, before, capacity: full };
    expect(await reason(claimChange(engine(), less, id, async () => undefined))).toBe("");
    expect(changed.get(id)).toBe(`1 ${100 * MIB}`);
  });

  it("notes what it had when its limits could not be changed", async () => {
    const changed = keepReservations(h1);
    const first = claimant("b");
    const id = await place(engine(), first);
    const before = { cpus: 1, memoryBytes: 100 * MIB };
    const refused = async () => Promise.reject(new Error("minimum memory limit"));
    expect(await reason(claimChange(engine(), { ...first, cpus: 2, before }, id, refused))).toBe(
      "minimum memory limit",
    );
    expect(changed.get(id)).toBe(`1 ${100 * MIB}`);
  });

  describe("while one engine changes a container's limits", () => {
    const had = { cpus: 2, memoryBytes: 100 * MIB };

    /** One process, on whose host 4 cpus are taken by two containers; the first changes. */
    async function changing(wanted: number, change: () => Promise<unknown>) {
      keepReservations(h1);
      const docker = engine();
      const first = claimant("a", { owner: "app/a/first", cpus: 2 });
      const id = await place(docker, first);
      await place(docker, claimant("a", { cpus: 2 }));
      return {
        docker,
        done: () => claimChange(docker, { ...first, cpus: wanted, before: had }, id, change),
      };
    }

    it("counts what it has before it is decided", async () => {
      const { docker, done } = await changing(1, async () => undefined);
      // The change has begun and is being noted while the other one is decided.
      let begun = () => {};
      const noting = new Promise<void>((resolve) => (begun = resolve));
      let goOn = () => {};
      const decided = new Promise<void>((resolve) => (goOn = resolve));
      h1.onExec(async ({ script }) => {
        if (!script?.startsWith("root=$1; id=$2; amounts=$3")) return undefined;
        begun();
        await decided;
        return {};
      });
      const change = done();
      await noting;
      const other = await reason(place(docker, claimant("a", { cpus: 2 })).finally(goOn));
      expect(other).toContain("0 of 4 are free");
      expect(await reason(change)).toBe("");
      expect(await reason(place(docker, claimant("a", { cpus: 1 })))).toBe("");
    });

    it("counts it until its limits are less, and again when they could not be changed", async () => {
      const during: string[] = [];
      const { docker, done } = await changing(1, async () => {
        during.push(await reason(place(docker, claimant("a"))));
        throw new Error("minimum memory limit");
      });
      expect(await reason(done())).toBe("minimum memory limit");
      expect(during).toEqual([expect.stringContaining("0 of 4 are free")]);
      expect(await reason(place(docker, claimant("a")))).toContain("0 of 4 are free");
    });

    it("counts what it has when it is refused more", async () => {
      const { docker, done } = await changing(3, async () => undefined);
      expect(await reason(done())).toContain("needs 3 cpus, 2 of 4 are free");
      expect(await reason(place(docker, claimant("a")))).toContain("0 of 4 are free");
    });
  });

  it("gives back what was removed", async () => {
    const docker = engine();
    const first = claimant("a", { cpus: 4 });
    const id = await place(docker, first);
    await docker.removeContainer(id, true);
    releaseClaim(docker.transport, first.generation);
    expect(await reason(place(docker, claimant("a", { cpus: 4 })))).toBe("");
  });

  it("gives back what could not be made", async () => {
    const docker = engine();
    h1.docker.before = (line) => {
      if (line === "POST /containers/create") throw new Error("disk full");
    };
    expect(await reason(place(docker, claimant("a", { cpus: 4 })))).toContain("disk full");
    h1.docker.before = undefined;
    expect(await reason(place(docker, claimant("a", { cpus: 4 })))).toBe("");
  });
});

describe("starts at once", () => {
  it.each([
    [0, 8, 8],
    [0, 1, 2],
    [3, 8, 3],
    [0, 2.9, 2],
  ])("asked %d on %d cpus: %d", (asked, cpus, expected) =>
    expect(startsAtOnce(asked, cpus)).toBe(expected),
  );
});
