import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { armFault, disarmFaults } from "../../../provider/host/faults.js";
import { LABELS } from "../../../provider/host/ownership.js";
import { useSink } from "../../../provider/progress.js";
import type {
  PlacedContainerInputs,
  PlacedContainerState,
} from "../../../provider/resources/placed-container/inputs.js";
import { forgetTargets } from "../../../provider/resources/placed-container/let-go.js";
import { useSettleTime } from "../../../provider/resources/placed-container/ready.js";
import { forgetReplaced } from "../../../provider/resources/placed-container/replaced.js";
import { forgetChecked, noteChecked } from "../../../provider/resources/checked-networks.js";
import {
  forgetSeenContainers,
  noteSeenContainers,
} from "../../../provider/resources/seen-containers.js";
import { forgetSuccessions, noteSuccessions } from "../../../provider/resources/successions.js";
import type { FakeHosts } from "../../support/fake-transport.js";
import { failure, installHosts } from "./fake-hosts.js";
import { connectionTo, inputsOf, LAN, lifecycle } from "./fixtures.js";

const OWNER = "app/dev/web-0";
const HOSTS = ["h1", "h2"];
type Made = { id: string; outs: PlacedContainerState };

let hosts: FakeHosts;
/** Lines of open ports as h2 has them, "tcp 8080 10.64.0.2 80 there". */
let openPorts = "";
const rows: string[] = [];
const warnings: string[] = [];

beforeEach(async () => {
  hosts = await installHosts();
  hosts
    .host("h2")
    .onExec(({ script }) => (script?.includes("ports.d") ? { stdout: openPorts } : undefined));
  openPorts = "";
  rows.length = warnings.length = 0;
  useSettleTime(5);
  useSink((_urn, message, { warn }) => void (warn ? warnings : rows).push(message));
});

afterEach(async () => {
  disarmFaults();
  anotherRun();
  useSink();
  useSettleTime();
  await hosts.restore();
});

/** What a process knows goes with it. */
function anotherRun(): void {
  forgetReplaced();
  forgetChecked();
  forgetSeenContainers();
  forgetTargets();
  forgetSuccessions();
}

const on = (host: string) =>
  hosts
    .host(host)
    .docker.labelled(LABELS.owner, OWNER)
    .map(({ name }) => name)
    .sort();
const next = (version: string, last: number, host = "h1") =>
  inputsOf(
    { env: { VERSION: version } },
    { host, connection: connectionTo(host), networks: [{ ...LAN, address: `10.64.0.${last}` }] },
  );

/** This run's plan looks at both hosts; one that is down does not answer. */
function planned(): void {
  forgetTargets();
  noteSeenContainers(
    OWNER,
    "app/dev/cloud",
    HOSTS.filter((host) => !hosts.host(host).down).flatMap((host) =>
      hosts
        .host(host)
        .docker.labelled(LABELS.owner, OWNER)
        .map(({ id, name }) => ({ host, connection: connectionTo(host), id, name })),
    ),
  );
  noteChecked("app/dev/lan");
  noteSuccessions("app/dev/lan", "app/dev/cloud", {
    driver: "vxlan",
    hosts: HOSTS.map((host) => connectionTo(host)),
    successions: [],
  });
}

/** An engine's step: it asks for the difference, and then makes another one. */
async function replace({ id, outs }: Made, news: PlacedContainerInputs): Promise<Made> {
  expect((await lifecycle.diff(id, outs, news)).replaces).not.toEqual([]);
  return lifecycle.create(news);
}

/** A container, and the one that took over from it in an earlier run, whose engine never had it deleted. */
async function replacedBefore(host = "h1"): Promise<{ old: Made; now: Made }> {
  const old = await lifecycle.create(next("1", 2, host));
  const now = await replace(old, next("2", 3));
  anotherRun();
  expect(on(host)).toContain(old.id);
  return { old, now };
}

describe("a container that was replaced and is still there when a plan looks", () => {
  it("is named by the preview, and removed by the up", async () => {
    const { old, now } = await replacedBefore();
    planned();
    rows.length = 0;
    expect(await lifecycle.diff(now.id, now.outs, next("2", 3))).toEqual({ changes: true });
    expect(rows).toEqual([`restore: another container of it is on h1: ${old.id}`]);
    const { outs } = await lifecycle.update(now.id, now.outs, next("2", 3));
    expect(on("h1")).toEqual([now.id]);
    expect(outs.status.replaces).toBeUndefined();
    await lifecycle.delete(old.id, old.outs); // the engine had it after all
    anotherRun();
    planned();
    expect(await lifecycle.diff(now.id, outs, next("2", 3))).toEqual({ changes: false });
  });

  it("is named beside other changes, and once", async () => {
    const { old, now } = await replacedBefore();
    planned();
    const row = async (outs: PlacedContainerState, news: PlacedContainerInputs) => {
      rows.length = 0;
      await lifecycle.diff(now.id, outs, news);
      return rows;
    };
    const sentence = `another container of it is on h1: ${old.id}`;
    const larger = inputsOf({ ...now.outs.spec, cpus: 0.7 }, now.outs.place);
    expect(await row(now.outs, larger)).toEqual([`update in place: cpus; restore: ${sentence}`]);
    const seen = await lifecycle.read(now.id, now.outs);
    expect(seen.props!.status.drift).toEqual([sentence]);
    expect(await row(seen.props!, next("2", 3))).toEqual([`restore: ${sentence}`]);
  });

  it("goes with the replacement of its successor, which the engine deletes", async () => {
    const { old, now } = await replacedBefore();
    planned();
    const third = await replace(now, next("3", 4));
    expect(on("h1")).toEqual([now.id, third.id].sort());
    expect(on("h1")).not.toContain(old.id);
    expect(third.outs.status.replaces).toEqual([now.outs.status.generation]);
  });

  it("stays while a port leads to it, and goes when none does", async () => {
    const { old, now } = await replacedBefore();
    planned();
    openPorts = "tcp 8080 10.64.0.2 80 there\n";
    const first = await lifecycle.update(now.id, now.outs, next("2", 3));
    expect(on("h1")).toContain(old.id);
    expect(first.outs.status.replaces).toEqual([old.outs.status.generation]);
    anotherRun();
    planned();
    openPorts = "tcp 8080 10.64.0.3 80 there\n";
    await lifecycle.update(now.id, first.outs, next("2", 3));
    expect(on("h1")).toEqual([now.id]);
  });

  it("stays, and fails nothing, where a host of its networks does not say any more whether a port leads to it", async () => {
    const { old, now } = await replacedBefore();
    planned();
    hosts.host("h2").down = true;
    const { outs } = await lifecycle.update(now.id, now.outs, next("2", 3));
    expect(on("h1")).toContain(old.id);
    hosts.host("h2").down = false;
    anotherRun();
    planned();
    await lifecycle.update(now.id, outs, next("2", 3));
    expect(on("h1")).toEqual([now.id]);
  });

  it("stays where two plans of the run have a container of that name: it may be the other's", async () => {
    const { old, now } = await replacedBefore();
    planned();
    noteSeenContainers(OWNER, "app/dev/other", []);
    rows.length = 0;
    expect(await lifecycle.diff(now.id, now.outs, next("2", 3))).toEqual({ changes: false });
    await lifecycle.update(now.id, now.outs, next("2", 3));
    expect([rows.filter((row) => row.includes("restore")), on("h1").includes(old.id)]).toEqual([
      [],
      true,
    ]);
  });

  it("is the engine's to delete where its successor failed, where a refresh has seen it, and where no plan is made", async () => {
    const old = await lifecycle.create(next("1", 2));
    armFault("started", "error");
    const { properties } = await failure(replace(old, next("2", 3)));
    const name = properties.status.containerName;
    anotherRun();
    planned();
    const mended = await lifecycle.update(name, properties, next("2", 3));
    expect(on("h1")).toContain(old.id);
    anotherRun();
    await lifecycle.read(old.id, old.outs);
    planned();
    const seen = await lifecycle.update(name, mended.outs, next("2", 3));
    expect(on("h1")).toContain(old.id);
    anotherRun();
    const alone = await lifecycle.update(name, seen.outs, next("2", 3));
    expect(on("h1")).toContain(old.id);
    expect(alone.outs.status.replaces).toEqual([old.outs.status.generation]);
  });
});

describe("a container that was left on another host", () => {
  it("is named with that host, and removed there", async () => {
    const { old, now } = await replacedBefore("h2");
    planned();
    rows.length = 0;
    expect(await lifecycle.diff(now.id, now.outs, next("2", 3))).toEqual({ changes: true });
    expect(rows).toEqual([`restore: another container of it is on h2: ${old.id}`]);
    await lifecycle.update(now.id, now.outs, next("2", 3));
    expect([on("h1"), on("h2")]).toEqual([[now.id], []]);
  });

  it("is the engine's while it is what moves", async () => {
    const old = await lifecycle.create(next("1", 2, "h2"));
    anotherRun();
    planned();
    const now = await replace(old, next("1", 3));
    expect([on("h1"), on("h2")]).toEqual([[now.id], [old.id]]);
  });

  it("waits for a host that is not reached any more, and says so", async () => {
    const { old, now } = await replacedBefore("h2");
    planned();
    hosts.host("h2").down = true;
    await lifecycle.update(now.id, now.outs, next("2", 3));
    expect(warnings).toEqual([
      `host h2 cannot be reached any more: ${old.id}, an older container of web-0, is removed by the first up that reaches it`,
    ]);
    hosts.host("h2").down = false;
    expect(on("h2")).toEqual([old.id]);
  });
});
