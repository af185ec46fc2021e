import { afterEach, expect, it } from "vitest";
import { FaultProject, inventoryOf, until, withBystanders } from "../support/fault-project.js";
import { cutOff, holdLock, signalDocker, waitersFor } from "../support/host-faults.js";
import { describeLab, withLab } from "../support/lab.js";

describeLab("a host that cannot be reached", () => {
  const lab = withLab("fault-reach", { hosts: 2 });
  withBystanders(lab);
  let faulty: FaultProject | undefined;
  let mend: (() => Promise<void>) | undefined;
  afterEach(async () => {
    await mend?.();
    await faulty?.destroy();
    faulty = undefined;
  });

  /** Breadth first: one container on each host. */
  const BOTH = `web("one"); web("two");`;
  const FORGET = `{ whenUnreachable: "forget" as const }`;

  it("B2: packets vanish in the midst of a creation: bounded, and it says what may be", async () => {
    faulty = await FaultProject.create(lab, "vanish", {
      body: `web("one", { constraints: [{ kind: "host", host: "h1" }] });`,
    });
    const giveBack = await holdLock(lab, "h1", "capacity");
    const running = faulty.project.up({ timeoutMs: 120_000 });
    // Docker gets the request to create, and its answer never arrives.
    try {
      await until("the creation", async () => (await waitersFor(lab, "h1")) > 0);
      await signalDocker(lab, "h1", "STOP");
    } finally {
      giveBack();
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
    mend = await cutOff(lab, "h1", "vanish");
    const cutAt = Date.now();
    await signalDocker(lab, "h1", "CONT");
    const outcome = await running;

    expect(outcome.code).toBeGreaterThan(0);
    // Keepalive: 3 times 5 s without an answer.
    expect(Date.now() - cutAt).toBeLessThan(35_000);
    const { address, port } = lab.host("h1");
    expect(outcome.output).toMatch(
      new RegExp(
        `host h1: container dev-one-[0-9a-f]{8} may have been created: the connection to ${address}:${port} was lost`,
      ),
    );
    expect(outcome.output).toContain("- no answer for 15 s");
    expect(outcome.output).toContain(
      "Check the host and run again: a container that was made is found and adopted.",
    );
    await until("the container", async () => (await faulty!.ownedBy("one")).length === 1);
    const [left] = await faulty.ownedBy("one");
    await mend();
    await faulty.heals(["one"]);
    expect((await faulty.ownedBy("one"))[0]!.id).toBe(left!.id);
  });

  it("B4, B5: refresh and delete say so and keep the state; forget lets go of it", async () => {
    faulty = await FaultProject.create(lab, "gone", { body: BOTH });
    await faulty.heals(["one", "two"]);
    // Whatever order an operation writes them in; a refresh drops properties that depend on nothing, as the CLI's does.
    const stored = async () =>
      (await faulty!.project.resources())
        .sort((a, b) => (a.urn < b.urn ? -1 : 1))
        .map(({ propertyDependencies = {}, ...rest }) => ({
          ...rest,
          propertyDependencies: Object.entries(propertyDependencies).filter(
            ([, urns]) => urns.length > 0,
          ),
        }));
    const before = await stored();
    mend = await cutOff(lab, "h2", "refuse");
    const { address, port } = lab.host("h2");
    const unreachable = `host h2: cannot be reached at ${address}:${port}: connection refused`;

    const refresh = await faulty.project.run([
      "refresh",
      "--yes",
      "--skip-preview",
      "--stack",
      "dev",
    ]);
    expect(refresh.code).toBeGreaterThan(0);
    for (const resource of ["DockerHost (h2)", "VirtualNetwork (lan)", "PlacedContainer (two)"])
      expect(refresh.output).toContain(`clocker:${resource}:\n    error: ${unreachable}`);
    expect(refresh.output).not.toContain("PlacedContainer (one)");
    expect(await stored()).toEqual(before);

    const { urn } = (await faulty.project.byType("PlacedContainer"))["two"]!;
    const target = ["destroy", "--yes", "--skip-preview", "--stack", "dev", "--target", urn];
    const kept = await faulty.project.run(target);
    expect(kept.code).toBeGreaterThan(0);
    expect(kept.output).toContain(unreachable);
    expect(kept.output).toContain(
      'If it will never come back, set whenUnreachable: "forget" on the host, run up, then delete it.',
    );
    expect(await stored()).toEqual(before);

    // A further network is made on the hosts that can be reached.
    await faulty.write({ body: `${BOTH} new VirtualNetwork("side", { cloud });` });
    const side = await faulty.project.run(["preview", "--stack", "dev"]);
    expect(side.output).toContain("host h2 cannot be reached");
    expect(side.output).toMatch(/VirtualNetwork +side +create/);
    expect(side.code).toBe(0);

    // Out of the program: the network waits for the host, and the container is not lost without a word.
    const ONE = `web("one");`;
    const waits =
      "host h2 cannot be reached: network lan is brought up to date there by the first up that reaches it";
    await faulty.write({ body: ONE });
    const blocked = await faulty.project.up();
    expect(blocked.code).toBeGreaterThan(0);
    expect(blocked.output).toContain(waits);
    expect(blocked.output).toContain("If it will never come back");
    expect(Object.keys(await faulty.project.byType("PlacedContainer")).sort()).toEqual([
      "one",
      "two",
    ]);

    // As documented: give the host up, then take it out.
    await faulty.write({ body: ONE, host: FORGET });
    const given = await faulty.project.up();
    expect(given.code).toBe(0);
    expect(given.output).toContain(
      "host h2 cannot be reached: what the program says of it is noted, nothing was done there",
    );
    expect(given.output).toContain(waits);
    const [one] = await faulty.ownedBy("one");
    const without = inventoryOf(lab);
    without.hosts.pop();
    await faulty.setInventory(without);
    const forgotten = await faulty.project.up();
    expect(forgotten.code).toBe(0);
    await faulty.project.converges();
    expect((await faulty.ownedBy("one"))[0]).toEqual(one);

    // What remains there is what it said; doctor finds it when the host is back.
    await mend();
    const left = (await faulty.ownedBy("two")).find(({ host }) => host === "h2")!;
    expect(given.output).toContain(
      `host h2 cannot be reached: container ${left.name} and its volumes remain there`,
    );
    await faulty.setInventory(inventoryOf(lab));
    await faulty.project.converges();
    const doctor = await faulty.project.run(["doctor", "--json", "--stack", "dev"]);
    expect(doctor.stdout).toMatch(
      new RegExp(`"name": "${left.name}",\\s+"owner": "[^"]+",\\s+"belongs": "orphan"`),
    );
    await lab.sh("h2", "docker", "rm", "-f", left.id);
    await faulty.write({ body: BOTH });
    await faulty.heals(["one", "two"]);
  });

  it("what a forgotten host kept of a container that has moved is named and removed once it is back", async () => {
    const at = (host: string) =>
      `web("one", { constraints: [{ kind: "host", host: "${host}" }] });`;
    faulty = await FaultProject.create(lab, "moved", { body: at("h2"), host: FORGET });
    await faulty.heals(["one"]);
    const [old] = await faulty.ownedBy("one");
    mend = await cutOff(lab, "h2", "refuse");
    await faulty.write({ body: at("h1"), host: FORGET });
    const moved = await faulty.project.up();
    expect(moved.code).toBe(0);
    expect(moved.output).toContain(`container ${old!.name} and its volumes remain there`);
    await mend();
    const preview = await faulty.project.run(["preview", "--stack", "dev"]);
    expect(preview.output).toContain(`restore: another container of it is on h2: ${old!.name}`);
    await faulty.heals(["one"]);
    expect((await faulty.ownedBy("one")).map(({ host }) => host)).toEqual(["h1"]);
  });
});
