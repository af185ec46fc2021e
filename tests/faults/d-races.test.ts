import { afterAll, beforeAll, expect, it } from "vitest";
import { FaultProject, ownedContainers, until, withBystanders } from "../support/fault-project.js";
import { holdLock, waitersFor } from "../support/host-faults.js";
import { describeLab, TEST_IMAGE, withLab } from "../support/lab.js";
import type { Outcome } from "../support/project.js";

const UP = ["up", "--yes", "--skip-preview", "--stack", "dev"];

describeLab("D1: two stacks race on one cloud", () => {
  const lab = withLab("fault-races", { hosts: 2 });
  withBystanders(lab);
  const stacks: FaultProject[] = [];
  /** Both at once: what they do not share waits for nobody. */
  const both = <T>(act: (stack: FaultProject) => Promise<T>) => Promise.all(stacks.map(act));
  const empty = () =>
    both(async (stack) => {
      await stack.write({ body: "" });
      await stack.project.must(UP);
    });
  beforeAll(async () => {
    // One after the other: each makes its network here, and the second has to see the first one's range.
    for (const name of ["left", "right"]) {
      const stack = await FaultProject.create(lab, name, { body: "" });
      stacks.push(stack);
      await stack.project.must(UP);
    }
  });
  afterAll(() => both((stack) => stack.destroy()));

  /** Both plan while neither has anything there; then both go on at once. */
  async function race(lock: string, body: string, cloud = "{}") {
    for (const stack of stacks) await stack.write({ cloud, body });
    const giveBack = await holdLock(lab, "h1", lock);
    const running = stacks.map(({ project }) => project.up({ timeoutMs: 120_000 }));
    await until("both plans", async () => (await waitersFor(lab, "h1")) >= 2).finally(giveBack);
    const outcomes = await Promise.all(running);
    expect(outcomes.map(({ code }) => code === 0).sort(), outputs(outcomes)).toEqual([false, true]);
    const lost = outcomes.findIndex(({ code }) => code !== 0);
    return { said: outcomes[lost]!.output, loser: stacks[lost]!, winner: stacks[1 - lost]! };
  }

  const outputs = (outcomes: Outcome[]) => outcomes.map(({ output }) => output).join("\n---\n");

  it("for one port: the loser says whose it is, leaves nothing, and goes elsewhere when run again", async () => {
    const body = `web("web", { ports: ["8080:80"], strategies: ["depthFirst"] });`;
    const { said, loser, winner } = await race("capacity", body);
    expect(said).toContain("error: lost the race for port 8080/tcp on h1");
    expect(said).toContain(`${winner.project.name}/dev/web has port 8080/tcp`);
    expect(said).toContain(
      "Nothing of it was left there; run again: the plan then sees what the others took.",
    );
    expect((await ownedContainers(lab)).map(({ owner }) => owner)).toEqual([
      `${winner.project.name}/dev/web`,
    ]);
    await loser.heals(["web"]);
    await winner.isWhole(["web"]);
    expect((await loser.ownedBy("web")).map(({ host }) => host)).toEqual(["h2"]);
    await empty();
  });

  it("for the last place that the cloud's maxContainers leaves: its hosts hold no more, whoever comes", async () => {
    const cloud = `{ strategies: ["depthFirst"], constraints: [constraint.maxContainers(1)] }`;
    const { said, loser, winner } = await race("capacity", `web("web");`, cloud);
    expect(said).toContain("error: lost the race for the last slot on h1");
    expect(said).toContain(`${loser.project.name}/dev/web would be container 2 of at most 1`);
    expect(said).toContain(`${winner.project.name}/dev/web has a place`);
    await loser.heals(["web"]);
    expect((await loser.ownedBy("web")).map(({ host }) => host)).toEqual(["h2"]);
    await empty();
  });

  it("for one range of addresses: one has it on every host, the other gets another when run again", async () => {
    const body = `
      const extra = new VirtualNetwork("extra", { cloud });
      web("web", { networks: [extra] });`;
    const { said, loser, winner } = await race("network", body);
    expect(said).toMatch(
      new RegExp(
        `host h1: cannot make network extra: Docker network extra-\\d+ \\(10\\.\\d+\\.0\\.0/16\\) overlaps ` +
          `10\\.\\d+\\.0\\.0/16 and belongs to ${winner.project.name}/dev/extra`,
      ),
    );
    expect(said).toContain(
      "If the plan chose the range, run again: it then sees the other network.",
    );
    await winner.isWhole(["web"]);
    await loser.heals(["web"]);
    const cidrs = await Promise.all(
      stacks.map(async ({ project }) => (await project.byType("VirtualNetwork"))["extra"]!.outputs),
    );
    expect(cidrs[0]!["cidr"]).not.toBe(cidrs[1]!["cidr"]);
    const addresses = await Promise.all(
      stacks.map(async ({ project }) => {
        const place = (await project.byType("PlacedContainer"))["web"]!.outputs!["place"];
        return (place as { networks: { address: string }[] }).networks[0]!.address;
      }),
    );
    expect(new Set(addresses).size).toBe(2);
  });

  it("for one address: one has it, the other says whose it is, and gets it when it is free", async () => {
    const body = `
      const extra = new VirtualNetwork("fixed", { cloud, cidr: "172.30.0.0/16" });
      web("web", { networks: [{ network: extra, address: "172.30.0.9" }] });`;
    const { said, loser, winner } = await race("network", body);
    expect(said).toContain(`belongs to ${winner.project.name}/dev/fixed`);
    const refused = await loser.project.up();
    expect(refused.code).toBeGreaterThan(0);
    expect(refused.output).toContain(`${winner.project.name}/dev/fixed`);
    await winner.isWhole(["web"]);
    await winner.write({ body: "" });
    await winner.project.must(UP);
    await loser.heals(["web"]);
  });

  it("for one address with a container that is not ours: the next plan goes round it", async () => {
    const [stack] = stacks as [FaultProject];
    const lan = (await stack.project.byType("VirtualNetwork"))["lan"]!.outputs as {
      dockerName: string;
      hosts: { name: string; gateway: string }[];
    };
    const { gateway } = lan.hosts.find(({ name }) => name === "h1")!;
    const address = gateway.replace(/\.1$/, ".2");
    const squatter = ["docker", "run", "-d", "--name", "squatter", "--ip", address];
    await stack.write({ body: `web("late", { constraints: [{ kind: "host", host: "h1" }] });` });
    const giveBack = await holdLock(lab, "h1", "capacity");
    const running = stack.project.up({ timeoutMs: 120_000 });
    const squats = async () => {
      await until("the plan", async () => (await waitersFor(lab, "h1")) > 0);
      await lab.sh("h1", ...squatter, "--network", lan.dockerName, TEST_IMAGE, "sleep", "100000");
    };
    await squats().finally(giveBack);
    const { code, output } = await running;
    expect(code).toBeGreaterThan(0);
    expect(output).toContain(`host h1: address ${address} on lan is taken by squatter`);
    expect(output).toContain(
      "Run again: the plan then sees who has it and chooses another address.",
    );
    await stack.heals(["late"]);
    await lab.sh("h1", "docker", "rm", "-f", "squatter");
  });
});
