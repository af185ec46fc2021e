import { afterAll, expect, it } from "vitest";
import { FaultProject, ownedContainers, until, withBystanders } from "../support/fault-project.js";
import { holdLock, waitersFor } from "../support/host-faults.js";
import { describeLab, withLab } from "../support/lab.js";

/** Each way of going on once: with another round, and to the end. */
const ROUNDS = 2;
const ROOM_FOR_ONE = `{ capacity: { memory: "40 MiB" } }`;

describeLab("D1: two stacks race for the last slot", () => {
  const lab = withLab("fault-race", { hosts: 1 });
  withBystanders(lab);
  const stacks: FaultProject[] = [];
  afterAll(async () => {
    for (const stack of stacks) await stack.destroy();
  });

  it("exactly one is placed; the loser says so, and succeeds once there is room", async () => {
    for (const name of ["left", "right"]) {
      const stack = await FaultProject.create(lab, name, { host: ROOM_FOR_ONE, body: "" });
      await stack.project.must(["up", "--yes", "--skip-preview", "--stack", "dev"]);
      stacks.push(stack);
    }
    for (let round = 1; round <= ROUNDS; round++) {
      for (const stack of stacks)
        await stack.write({ host: ROOM_FOR_ONE, body: `web("web", { memory: "32 MiB" });` });
      // Both have planned with the room free when the lock is given back.
      const giveBack = await holdLock(lab, "h1", "capacity");
      const running = stacks.map(({ project }) => project.up({ timeoutMs: 120_000 }));
      await until("both plans", async () => (await waitersFor(lab, "h1")) >= 2).finally(giveBack);
      const outcomes = await Promise.all(running);

      const won = outcomes.findIndex(({ code }) => code === 0);
      const lost = 1 - won;
      expect(outcomes.map(({ code }) => code === 0).sort()).toEqual([false, true]);
      const { output } = outcomes[lost]!;
      const loser = stacks[lost]!;
      const winner = stacks[won]!;
      expect(output).toContain("error: lost the race for the last slot on h1");
      expect(output).toContain(
        `${loser.project.name}/dev/web needs 32 MiB memory, 8 of 40 are free`,
      );
      expect(output).toContain(`${winner.project.name}/dev/web has 32 MiB memory`);
      expect(output).toContain(
        "Nothing of it was left there; run again: the plan then sees what the others took.",
      );
      expect((await ownedContainers(lab)).map(({ owner }) => owner)).toEqual([
        `${winner.project.name}/dev/web`,
      ]);
      await winner.isWhole(["web"]);

      await winner.write({ host: ROOM_FOR_ONE, body: "" });
      await winner.project.must(["up", "--yes", "--skip-preview", "--stack", "dev"]);
      if (round < ROUNDS) {
        await loser.project.must(["up", "--yes", "--skip-preview", "--stack", "dev"]);
        await loser.isWhole(["web"]);
        await loser.write({ host: ROOM_FOR_ONE, body: "" });
        await loser.project.must(["up", "--yes", "--skip-preview", "--stack", "dev"]);
      } else await loser.heals(["web"]);
    }
  });
});
