import { afterEach, expect, it } from "vitest";
import { describeLab, withLab } from "../support/lab.js";
import { FaultProject, until, withBystanders } from "../support/fault-project.js";

describeLab("the engine or the provider dies", () => {
  const lab = withLab("fault-process", { hosts: 1 });
  withBystanders(lab);
  let faulty: FaultProject | undefined;
  afterEach(async () => faulty?.destroy());

  /** Runs an `up` whose creation of `web` hangs right after `docker create`, and does something to it there. */
  async function interruptedAtCreated(strike: (pid: number) => void | Promise<void>) {
    let pid = 0;
    const running = faulty!.project.up({
      env: { CLOCKER_FAULT: "created:hang" },
      onStart: (started) => (pid = started),
      timeoutMs: 60_000,
    });
    const early = running.then(({ output }) =>
      Promise.reject(new Error(`ended early:\n${output}`)),
    );
    early.catch(() => {});
    const created = until("docker create", async () => (await faulty!.ownedBy("web")).length === 1);
    await Promise.race([created, early]);
    await strike(pid);
    return running;
  }

  it("A2: Ctrl-C twice in the midst of a creation: the next up adopts that container", async () => {
    faulty = await FaultProject.create(lab, "twice");
    let saidAt = 0;
    const outcome = await interruptedAtCreated(async (pid) => {
      process.kill(pid, "SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 500));
      saidAt = Date.now();
      process.kill(pid, "SIGINT");
    });
    expect(outcome.code).not.toBe(0);
    expect(Date.now() - saidAt).toBeLessThan(10_000);
    expect(outcome.output).toContain(
      "Cancelling: running steps finish, no others start. Press Ctrl-C again to stop at once.",
    );
    expect(outcome.output).toContain(
      "Stopping at once. What was running is noted in the state as pending.",
    );
    const [left] = await faulty.ownedBy("web");
    expect(left!.state).toBe("created");
    const pending = await faulty.project.pending();
    expect(
      pending.map(({ type, resource }) => `${type} ${resource.urn.split("::").at(-1)}`),
    ).toEqual(["creating web"]);
    await faulty.heals(["web"]);
    expect((await faulty.ownedBy("web"))[0]!.id).toBe(left!.id);
  });

  it("A3: SIGKILL of the engine between docker create and the state's write", async () => {
    faulty = await FaultProject.create(lab, "killed");
    let killed = 0;
    const outcome = await interruptedAtCreated((pid) => {
      killed = pid;
      process.kill(pid, "SIGKILL");
    });
    expect(outcome.code).toBe(-1);
    const [left] = await faulty.ownedBy("web");

    const locked = await faulty.project.up();
    expect(locked.code).not.toBe(0);
    expect(locked.output).toContain("stack dev is locked by another operation");
    expect(locked.output).toContain(`(pid ${killed}, which no longer runs)`);
    expect(locked.output).toContain(
      "Wait for it to end; if it is dead, remove the lock with `clocker cancel` or `pulumi cancel`.",
    );
    await faulty.project.must(["cancel", "--yes", "--stack", "dev"]);

    const healing = await faulty.heals(["web"]);
    expect(healing.output).toContain("::web, interrupted while creating");
    expect((await faulty.ownedBy("web"))[0]!.id).toBe(left!.id);
  });
});
