import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { armFault, disarmFaults } from "../../../provider/host/faults.js";
import { LABELS } from "../../../provider/host/ownership.js";
import { useSink } from "../../../provider/progress.js";
import type {
  ContainerPlace,
  PlacedContainerInputs,
  PlacedContainerState,
} from "../../../provider/resources/placed-container/inputs.js";
import { useSettleTime } from "../../../provider/resources/placed-container/ready.js";
import { forgetReplaced } from "../../../provider/resources/placed-container/replaced.js";
import { forgetChecked, noteChecked } from "../../../provider/resources/checked-networks.js";
import { forgetSuccessions, noteSuccessions } from "../../../provider/resources/successions.js";
import type { FakeHosts } from "../../support/fake-transport.js";
import { failure, installHosts } from "./fake-hosts.js";
import { connectionTo, inputsOf, LAN, lifecycle, MIB } from "./fixtures.js";

const NEXT = "10.64.0.3";
const WAITS = "its names lead to the container that it replaces";
type Made = { id: string; outs: PlacedContainerState };

let hosts: FakeHosts;
/** Calls of the network program and stops of containers, in their order: "h2 hand-over 10.64.0.3". */
const calls: string[] = [];
const warnings: string[] = [];

beforeEach(async () => {
  hosts = await installHosts();
  for (const name of ["h1", "h2"]) {
    const host = hosts.host(name);
    host.onExec(({ argv }) => {
      const [, , verb, , , ...addresses] = argv;
      if (verb !== "hand-over") return undefined;
      calls.push(`${name} hand-over ${addresses.join(" ")}`);
      return { stdout: "differs names lead to the old container\n" };
    });
  }
  calls.length = 0;
  warnings.length = 0;
  useSettleTime(5);
  useSink((_urn, message, { warn }) => void (warn && warnings.push(message)));
});

afterEach(async () => {
  disarmFaults();
  forgetReplaced();
  forgetSuccessions();
  forgetChecked();
  useSink();
  useSettleTime();
  await hosts.restore();
});

const owned = () => hosts.host("h1").docker.labelled(LABELS.owner, "app/dev/web-0");
const running = () =>
  owned()
    .filter(({ state }) => state === "running")
    .map(({ name }) => name)
    .sort();
const next = (image = "clocker/web:2", place: Partial<ContainerPlace> = {}, spec: object = {}) =>
  inputsOf({ image, ...spec }, { networks: [{ ...LAN, address: NEXT }], ...place });

/** As an engine replaces: it asks for the difference, and then creates. */
async function replace({ id, outs }: Made, news: PlacedContainerInputs): Promise<Made> {
  expect((await lifecycle.diff(id, outs, news)).replaces).not.toEqual([]);
  return lifecycle.create(news);
}

/** This run's plan sees the container at an address that is another than planned, on a network of both hosts. */
function sees(serving: string | undefined): void {
  noteChecked("app/dev/lan");
  noteSuccessions("app/dev/lan", "app/dev/cloud", {
    driver: "vxlan",
    hosts: [connectionTo("h1"), connectionTo("h2")],
    successions:
      serving === undefined
        ? []
        : [{ container: "web-0", host: "h1", address: serving, next: NEXT, serves: true }],
  });
}

describe("what is replaced start-first", () => {
  it("runs until the engine deletes it, and is known by its successor's state until then", async () => {
    const old = await lifecycle.create(inputsOf());
    const made = await replace(old, next());
    expect(running()).toEqual([old.id, made.id].sort());
    expect(made.outs.status.replaces).toEqual([old.outs.status.generation]);
    const seen = await lifecycle.read(made.id, made.outs);
    expect(seen.props?.status.drift).toEqual([`another container of it is on h1: ${old.id}`]);
    await lifecycle.delete(old.id, old.outs);
    expect(running()).toEqual([made.id]);
  });

  it("goes on when its successor fails, and when that is mended in place or by another one", async () => {
    const old = await lifecycle.create(inputsOf());
    armFault("started", "error");
    const failed = await failure(replace(old, next()));
    expect(running()).toHaveLength(2);
    const before = { id: failed.properties.status.containerName, outs: failed.properties };
    const mended = await lifecycle.update(before.id, before.outs, next());
    expect(running()).toEqual([before.id, old.id].sort());
    expect(mended.outs.status.replaces).toEqual([old.outs.status.generation]);
    const networks = [{ ...LAN, address: "10.64.0.4" }];
    const another = await replace(before, next("clocker/web:1", { networks }, { env: { A: "1" } }));
    expect(running()).toContain(old.id);
    expect([...another.outs.status.replaces!].sort()).toEqual(
      [old.outs.status.generation, before.outs.status.generation].sort(),
    );
  });

  it("is told from what dead creations left: that goes when the new one is ready", async () => {
    const old = await lifecycle.create(inputsOf());
    armFault("started", "error");
    await failure(lifecycle.create(next("clocker/web:2", {}, { env: { A: "dead" } })));
    expect(owned()).toHaveLength(2);
    const made = await replace(
      old,
      next("clocker/web:2", { networks: [{ ...LAN, address: "10.64.0.4" }] }),
    );
    expect(running()).toEqual([made.id, old.id].sort());
  });

  it("counts for other containers as one with its successor", async () => {
    const capacity = { cpus: 1.5, memoryBytes: 640 * MIB };
    const old = await lifecycle.create(inputsOf({}, { capacity }));
    await replace(old, next("clocker/web:2", { capacity }));
    expect(running()).toHaveLength(2);
    const other = inputsOf(
      { cpus: 1, networks: [{ network: "lan" }] },
      { capacity, networks: [{ ...LAN, address: "10.64.0.9" }] },
      { meta: { project: "app", stack: "dev", name: "other", urn: "urn:other" } },
    );
    await expect(lifecycle.create(other)).resolves.toBeDefined();
  });
});

describe("a container that runs beside it and that the engine knows nothing of", () => {
  it("is found by a refresh and removed by the next update", async () => {
    const old = await lifecycle.create(inputsOf());
    const made = await replace(old, next());
    const { replaces: _gone, ...status } = made.outs.status;
    const forgotten = { ...made.outs, status };
    const seen = await lifecycle.read(made.id, forgotten);
    expect(seen.props?.status.drift).toEqual([`another container of it is on h1: ${old.id}`]);
    await lifecycle.update(made.id, seen.props!, next());
    expect(running()).toEqual([made.id]);
  });
});

describe("names of a container", () => {
  it("lead to it on all hosts once it is ready, and what they led to stops when that is forgotten", async () => {
    const old = await lifecycle.create(inputsOf());
    expect(calls).toEqual([]);
    sees(LAN.address);
    armFault("healthy", () => expect(calls).toEqual([]));
    await replace(old, next());
    expect([...calls].sort()).toEqual([`h1 hand-over ${NEXT}`, `h2 hand-over ${NEXT}`]);
    const begun = Date.now();
    await lifecycle.delete(old.id, old.outs);
    expect(Date.now() - begun, "names are remembered for a second").toBeGreaterThan(900);
    expect(running()).toHaveLength(1);
  });

  it("are handed over with both addresses, and not where nobody had them before", async () => {
    sees(undefined);
    await lifecycle.create(inputsOf());
    expect(calls).toEqual([]);
    sees(LAN.address);
    const networks = [{ ...LAN, address: NEXT, address6: "fd00::3" }];
    await lifecycle.create(next("clocker/web:2", { networks }));
    expect(calls).toContain(`h2 hand-over ${NEXT} fd00::3`);
  });

  it("wait in the state of one that did not get ready, and the next up hands them over", async () => {
    const old = await lifecycle.create(inputsOf());
    sees(LAN.address);
    armFault("started", "error");
    const { properties } = await failure(replace(old, next()));
    expect(calls).toEqual([]);
    expect(properties.status.drift).toEqual([WAITS]);
    sees(undefined); // the old one has ended by then
    const healed = await lifecycle.update("id", properties, next());
    expect(calls).toHaveLength(2);
    expect(healed.outs.status.drift).toBeUndefined();
  });

  it("wait for a host that is lost meanwhile, with a warning, and a diff until that is back", async () => {
    const old = await lifecycle.create(inputsOf());
    sees(LAN.address);
    armFault("healthy", () => void (hosts.host("h2").down = true));
    const made = await replace(old, next());
    expect(made.outs.status.drift).toEqual([`${WAITS} on lan at h2`]);
    expect(warnings).toEqual([
      "host h2 cannot be reached: names of web-0 on network lan are handed over there by the first up that reaches it",
    ]);
    expect(await lifecycle.diff(made.id, made.outs, next())).toEqual({ changes: true });
    hosts.host("h2").down = false;
    sees(undefined);
    const healed = await lifecycle.update(made.id, made.outs, next());
    expect(calls).toContain(`h2 hand-over ${NEXT}`);
    expect(healed.outs.status.drift).toBeUndefined();
  });

  it("wait through a refresh and an up of the container alone, which says so", async () => {
    const old = await lifecycle.create(inputsOf());
    sees(LAN.address);
    armFault("started", "error");
    const { properties } = await failure(replace(old, next()));
    forgetSuccessions(); // as in a process that was given no plan
    const alone = await lifecycle.update("id", properties, next());
    expect(alone.outs.status.drift).toEqual([`${WAITS} on lan`]);
    expect(warnings).toEqual([
      "names of web-0 on network lan still lead to the container that it replaces: the next up of the whole stack hands them over",
    ]);
    const seen = await lifecycle.read("id", alone.outs);
    expect(seen.props?.status.drift).toEqual([
      `another container of it is on h1: ${old.id}`,
      `${WAITS} on lan`,
    ]);
    sees(undefined);
    const healed = await lifecycle.update("id", seen.props!, next());
    expect(calls).toHaveLength(2);
    expect(healed.outs.status.drift).toBeUndefined();
  });

  it("warn in the preview where the run has a plan and not the network", async () => {
    const old = await lifecycle.create(inputsOf());
    sees(LAN.address);
    forgetChecked();
    const sentence =
      "its address on lan changes, and lan is not among the targets: names, policies and open ports there lead to the old address until the next up of the whole stack; target lan as well";
    await lifecycle.diff(old.id, old.outs, next());
    expect(warnings).toEqual([sentence]);
    await lifecycle.diff(old.id, old.outs, inputsOf({ image: "clocker/web:2" }));
    noteChecked("app/dev/lan");
    await lifecycle.diff(old.id, old.outs, next());
    forgetChecked();
    forgetSuccessions();
    await lifecycle.diff(old.id, old.outs, next());
    expect(warnings).toHaveLength(1);
  });

  it("are handed over after a change of its address that died when it had that already", async () => {
    const old = await lifecycle.create(inputsOf());
    const news = inputsOf({}, { networks: [{ ...LAN, address: NEXT }] });
    sees(LAN.address);
    armFault("attached", "error");
    await failure(lifecycle.update(old.id, old.outs, news));
    expect(calls).toEqual([]);
    sees(undefined); // there is no other address to be seen
    await lifecycle.update(old.id, old.outs, news);
    expect([...calls].sort()).toEqual([`h1 hand-over ${NEXT}`, `h2 hand-over ${NEXT}`]);
  });

  it("are handed over by the old one that goes where its successor had nothing to do, and else not again", async () => {
    const old = await lifecycle.create(inputsOf());
    sees(LAN.address);
    await replace(old, next());
    sees(LAN.address); // another run: the old one was not deleted, and the new one is not well for a moment
    calls.length = 0;
    await lifecycle.delete(old.id, old.outs);
    expect([...calls].sort()).toEqual([`h1 hand-over ${NEXT}`, `h2 hand-over ${NEXT}`]);
    const again = await lifecycle.create(inputsOf());
    await replace(again, next("clocker/web:2", {}, { env: { A: "1" } }));
    calls.length = 0;
    await lifecycle.delete(again.id, again.outs);
    expect(calls).toEqual([]);
  });

  it("stay where they are when a host refuses, and the container is kept", async () => {
    const old = await lifecycle.create(inputsOf());
    sees(LAN.address);
    hosts
      .host("h2")
      .onExec(({ argv }) =>
        argv[2] === "hand-over" ? { code: 4, stderr: "no awk\n" } : undefined,
      );
    const { properties } = await failure(replace(old, next()));
    expect(running()).toHaveLength(2);
    expect(properties.status.drift).toEqual([WAITS]);
  });

  it("of many containers that are ready at once are handed over in a few calls", async () => {
    const all = Array.from({ length: 20 }, (_, i) => ({
      name: `web-${i}`,
      address: `10.64.1.${i + 2}`,
    }));
    noteSuccessions("app/dev/lan", "app/dev/cloud", {
      driver: "vxlan",
      hosts: [connectionTo("h2")],
      successions: all.map(({ name, address }) => ({
        ...{ container: name, host: "h1", address: "10.64.9.9", next: address, serves: true },
      })),
    });
    // The first call takes so long that the others are ready meanwhile.
    const later = () => new Promise<void>((resolve) => setTimeout(resolve, 500));
    armFault("exec", later, { host: "h2" });
    await Promise.all(
      all.map(({ name, address }) =>
        lifecycle.create(
          inputsOf(
            { cpus: 0.01, memoryBytes: 8 * MIB },
            { networks: [{ ...LAN, address }] },
            { meta: { project: "app", stack: "dev", name, urn: name } },
          ),
        ),
      ),
    );
    expect(calls.length).toBeLessThan(15);
    const told = calls.flatMap((call) => call.split(" ").slice(2)).sort();
    expect(told).toEqual(all.map(({ address }) => address).sort());
  });
});
