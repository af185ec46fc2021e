import { afterAll, beforeAll, expect, it } from "vitest";
import { FaultProject, until } from "../support/fault-project.js";
import { describeLab, TEST_IMAGE, withLab, type TestLab } from "../support/lab.js";

const UP = ["up", "--yes", "--skip-preview", "--stack", "dev"];
const DRAIN = `{ drain: name === "h1" }`;

describeLab("placement moves what it must, and nothing is lost", () => {
  const lab = withLab("fault-placement", { hosts: 3 });
  let stack: FaultProject;
  beforeAll(async () => {
    stack = await FaultProject.create(lab, "moves", { body: "" });
    await stack.project.must(UP);
  });
  afterAll(async () => stack.destroy());

  const hostsOf = async () =>
    Object.fromEntries(
      (await stack.owned()).map(({ owner, host }) => [owner.split("/").at(-1)!, host]),
    );

  it("usage-based rules see the load that is really there", async () => {
    // Depth first alone would take h1.
    await lab.sh("h1", "docker", "run", "-d", "--name", "burner", TEST_IMAGE, ...BURN);
    const cloud = `{ strategies: ["depthFirst", "lowestCpuUsage"] }`;
    await stack.write({
      cloud,
      body: `
        web("calm");
        web("strict", { constraints: [{ kind: "maxCpuUsage", max: 0.1 }] });`,
    });
    const up = await stack.project.must(UP);
    expect(up.output).toMatch(/calm creating  h[23]  10\.[0-9.]+  lowest cpu use: /);
    const placed = await hostsOf();
    expect(placed["calm"]).toMatch(/^h[23]$/);
    expect(placed["strict"]).toMatch(/^h[23]$/);
    // Live use decides where something new goes, and moves nothing: neither now, nor when the load has gone.
    await stack.project.must(["preview", "--expect-no-changes", "--stack", "dev"]);
    const asked = await stack.project.must(["plan", "strict", "--why-not", "h1", "--stack", "dev"]);
    expect(asked.stdout).toMatch(/^strict is not on h1: .*cpu/);
    await lab.sh("h1", "docker", "rm", "-f", "burner");
    await stack.heals(["calm", "strict"]);
    await stack.write({ body: "" });
    await stack.project.must(UP);
  });

  const REPLICAS = `
    const healthy = { health: { command: "true", interval: "1 second" } };
    const db = web("db", { mounts: [{ volume: "moves-data", target: "/data" }], ...healthy });
    for (const i of [0, 1, 2]) web("web-" + i, { type: "web", ...healthy }, { dependsOn: [db] });`;
  const NAMES = ["db", "web-0", "web-1", "web-2"];

  it("a drain moves containers one by one, start-first, and says what cannot move", async () => {
    const cloud = `{ strategies: ["depthFirst"] }`;
    await stack.write({ cloud, body: REPLICAS });
    await stack.project.must(UP);
    expect(await hostsOf()).toEqual(Object.fromEntries(NAMES.map((name) => [name, "h1"])));

    await stack.write({ cloud, host: DRAIN, body: REPLICAS });
    const preview = await stack.project.must(["preview", "--stack", "dev"]);
    const MOVES =
      "drain of h1: 3 containers move one by one: web-0 -> h2, web-1 -> h2 and web-2 -> h2";
    expect(preview.output).toContain(MOVES);
    expect(preview.output).toMatch(/warning: db stays on h1, which is drained: .*volume/);
    for (const name of NAMES.slice(1))
      expect(preview.output).toMatch(new RegExp(`${name} +replace .*; h2  10\\.`));

    const watch = watchHealth(lab);
    await stack.project.must(UP).finally(() => watch.stop());
    const { looks, leastHealthy, mostStarting } = await watch.seen;
    expect(looks).toBeGreaterThan(10);
    expect(leastHealthy).toBe(4);
    expect(mostStarting).toBe(1);
    expect(await hostsOf()).toEqual({ db: "h1", "web-0": "h2", "web-1": "h2", "web-2": "h2" });
    const made = await Promise.all(NAMES.slice(1).map((name) => createdAt(lab, stack, name)));
    expect(made).toEqual([...made].sort());
    await stack.heals(NAMES);
  });

  it("a dead host: what can move is placed anew, and no double is left when it is back", async () => {
    const cloud = `{ strategies: ["depthFirst"], replaceLost: true }`;
    const before = await stack.ownedBy("db");
    await lab.kill("h2");
    const waits = await stack.project.run(["preview", "--stack", "dev"]);
    expect(waits.output).toMatch(
      /host h2 cannot be reached at [^;]*; web-0, web-1, web-2 stay there/,
    );
    expect(waits.code).toBe(0);

    await stack.write({ cloud, host: DRAIN, body: REPLICAS });
    const up = await stack.project.must(UP);
    expect(up.output).toContain(
      "loss of h2: 3 containers move: web-0 -> h3, web-1 -> h3 and web-2 -> h3",
    );
    expect(up.output).toMatch(
      /host h2 cannot be reached: container dev-web-0-[0-9a-f]{8} is placed anew and, if it is still there, removed/,
    );
    await lab.restart("h2");
    await until("the old ones", async () => (await stack.ownedBy("web-0")).length === 2);
    const back = await stack.project.must(UP);
    expect(back.output).toMatch(
      /host h2 is back: dev-web-0-[0-9a-f]{8}, which web-0 had left there, was removed/,
    );
    await stack.heals(NAMES);
    expect(await hostsOf()).toEqual({ db: "h1", "web-0": "h3", "web-1": "h3", "web-2": "h3" });
    expect(await stack.ownedBy("db")).toEqual(before);
  });
});

const BURN = ["sh", "-c", "while :; do :; done"];

/** Counts healthy containers of ours, over and over, until it is told to stop. */
function watchHealth(lab: TestLab) {
  let isOver = false;
  const look = async () => {
    const rows = await Promise.all(
      lab.hosts.map(({ name }) =>
        lab.sh(
          name,
          ...["docker", "ps", "--filter", "label=io.clocker.owner", "--format", "{{.Status}}"],
        ),
      ),
    );
    return rows.flatMap((text) => text.split("\n"));
  };
  const seen = (async () => {
    const result = { looks: 0, leastHealthy: Infinity, mostStarting: 0 };
    while (!isOver) {
      const states = await look();
      const counted = (word: string) => states.filter((state) => state.includes(word)).length;
      result.looks += 1;
      result.leastHealthy = Math.min(result.leastHealthy, counted("(healthy)"));
      result.mostStarting = Math.max(result.mostStarting, counted("starting"));
    }
    return result;
  })();
  return { seen, stop: () => void (isOver = true) };
}

async function createdAt(lab: TestLab, stack: FaultProject, name: string): Promise<string> {
  const [row] = await stack.ownedBy(name);
  return lab.sh(row!.host, "docker", "inspect", "-f", "{{.Created}}", row!.id);
}
