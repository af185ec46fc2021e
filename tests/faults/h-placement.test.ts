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

  /** Preview and update in one command: what it says of both. */
  const previewAndUp = async () =>
    (await stack.project.must(["up", "--yes", "--stack", "dev"])).output;
  const seesNoChanges = () =>
    stack.project.must(["preview", "--expect-no-changes", "--stack", "dev"]);

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
    const preview = await stack.project.must(["preview", "--stack", "dev"]);
    const [, shown = ""] =
      /calm +create .*?(h[23])  10\..*lowest cpu use: /.exec(preview.output) ?? [];
    expect(shown, preview.output).toMatch(/^h[23]$/);
    // The load has gone for the moment, but what the hosts have kept is what preview went by: up repeats it.
    await lab.sh("h1", "docker", "kill", "--signal", "STOP", "burner");
    const up = await stack.project.must(UP);
    expect(up.output).toMatch(/calm creating  h[23]  10\.[0-9.]+  lowest cpu use: /);
    const placed = await hostsOf();
    expect(placed["calm"]).toBe(shown);
    expect(placed["strict"]).toMatch(/^h[23]$/);
    await lab.sh("h1", "docker", "kill", "--signal", "CONT", "burner");
    // Live use decides where something new goes, and moves nothing: neither now, nor when the load has gone.
    const [asked] = await Promise.all([
      stack.project.must(["plan", "strict", "--why-not", "h1", "--stack", "dev"]),
      seesNoChanges(),
    ]);
    expect(asked.stdout).toMatch(/^strict is not on h1: .*cpu/);
    await lab.sh("h1", "docker", "rm", "-f", "burner");
    await stack.isWhole(["calm", "strict"]);
  });

  it("functions of the program, devices, disk and platform decide, and refuse in their own words", async () => {
    // Room for what wants disk is left on h2 alone, and so is the device.
    const host = `name === "h2"
      ? { devices: [{ kind: "lab/tun", ids: ["/dev/net/tun"] }] }
      : { headroom: { disk: "900 TiB" } }`;
    const fits = `
      const odd = ["h1", "h3"];
      const isEven = (host: { name: string }) => !odd.includes(host.name) || "has an odd number";
      const last = strategy.comparator(["last first", (a, b) => (a.name > b.name ? -1 : a.name < b.name ? 1 : 0)]);
      web("even", { constraints: [constraint.predicate(isEven)] });
      web("last", { strategies: [last] });
      web("holder", { accelerators: ["tun"] });
      web("roomy", { disk: "1 MiB" });`;
    await stack.write({ host, body: fits });
    await stack.project.must(UP);
    expect(await hostsOf()).toEqual({ even: "h2", last: "h3", holder: "h2", roomy: "h2" });
    await seesNoChanges();
    const [holder] = await stack.ownedBy("holder");
    const [roomy] = await stack.ownedBy("roomy");
    const inside = (id: string) => lab.sh("h2", "docker", "exec", id, "ls", "/dev");
    expect((await inside(holder!.id)).split("\n")).toContain("net");
    expect((await inside(roomy!.id)).split("\n")).not.toContain("net");

    for (const { name } of lab.hosts) await lab.sh(name, "sh", "-c", LOAD_ARM_IMAGE);
    const refused = `${fits}
      web("second", { accelerators: ["tun"] });
      web("huge", { disk: "900 TiB" });
      web("mainframe", { platform: "linux/s390x" });
      web("arm", { image: "foreign:arm" });
      const fails = (): boolean => { throw new Error("no table of goods"); };
      web("fails", { constraints: [constraint.predicate(fails)] });
      web("lucky", { constraints: [constraint.predicate(["lucky", () => Math.random() > 0.5])] });
      const seen = { calls: 0 };
      web("wavers", { constraints: [constraint.predicate(["wavering", () => seen.calls++ % 2 === 0])] });`;
    await stack.write({ host, body: refused });
    const preview = await stack.project.run(["preview", "--stack", "dev"]);
    expect(preview.code).toBeGreaterThan(0);
    for (const sentence of [
      /no host for second: 2 hosts lack 1 tun \(none there\), 1 host lacks 1 tun \(0 free\)/,
      /no host for huge: 3 hosts lack 900 TiB of disk \(largest free [0-9.]+ [GT]iB on h2\)/,
      /no host for mainframe: 3 hosts are linux\/amd64, the image is built for linux\/s390x/,
      /no host for arm: 3 hosts are linux\/amd64, the image is built for linux\/arm64/,
      /no host for fails: predicate fails failed for host h1: Error: no table of goods/,
      /no host for lucky: predicate lucky failed for host h1: Error: Math\.random gives another answer each time; use the arguments only/,
      /no host for wavers: predicate wavering is not deterministic: for host h1 it said true, then false/,
    ])
      expect(preview.output).toMatch(sentence);
  });

  const REPLICAS = `
    const healthy = { health: { command: "true", interval: "1 second" } };
    const db = web("db", { mounts: [{ volume: "moves-data", target: "/data" }], ...healthy });
    for (const i of [0, 1, 2]) web("web-" + i, { type: "web", ...healthy }, { dependsOn: [db] });`;
  const NAMES = ["db", "web-0", "web-1", "web-2"];

  const ask = async <T>(...args: string[]): Promise<T> => {
    const { stdout } = await stack.project.must(["plan", ...args, "--json", "--stack", "dev"]);
    return JSON.parse(stdout) as T;
  };

  it("a drain moves containers one by one, start-first, and says what cannot move", async () => {
    const cloud = `{ strategies: ["depthFirst"] }`;
    await stack.write({ cloud, body: REPLICAS });
    await stack.project.must(UP);
    expect(await hostsOf()).toEqual(Object.fromEntries(NAMES.map((name) => [name, "h1"])));

    const [why, whyNot, whatIf, survival] = await Promise.all([
      ask("--why", "web-1"),
      ask("--why-not", "db", "h2"),
      ask("--what-if", "drain h1, add h4 cpus=8 memory=16GiB"),
      ask("--n-1"),
    ]);
    expect(why).toMatchObject({
      sentence: "web-1 is on h1: depth first: the first by name with room",
      hosts: [{ verdict: "here" }, { verdict: "possible" }, { verdict: "possible" }],
    });
    expect(whyNot).toEqual({
      container: "db",
      host: "h2",
      sentence: "db is not on h2: does not hold volume moves-data, which is on h1",
    });
    expect(whatIf).toMatchObject([
      {
        moves: NAMES.slice(1).map((name) => ({ name, from: "h1", to: "h2", cause: "drain" })),
        stuck: [{ name: "db", host: "h1" }],
        survival: { survives: false },
      },
    ]);
    expect(survival).toMatchObject([
      {
        survives: false,
        sentence:
          "the cloud does not survive the loss of h1: without h1 1 container has no place (db)",
      },
    ]);

    await stack.write({ cloud, host: DRAIN, body: REPLICAS });
    const watch = watchHealth(lab);
    const output = await previewAndUp().finally(() => watch.stop());
    const MOVES =
      "drain of h1: 3 containers move one by one: web-0 -> h2, web-1 -> h2 and web-2 -> h2";
    const [preview = ""] = output.split("Updating");
    expect(preview).toContain(MOVES);
    expect(preview).toMatch(/warning: db stays on h1, which is drained: .*volume/);
    for (const name of NAMES.slice(1))
      expect(preview).toMatch(new RegExp(`${name} +replace .*; h2  10\\.`));

    const { looks, leastHealthy, mostStarting } = await watch.seen;
    expect(looks).toBeGreaterThan(10);
    expect(leastHealthy).toBe(4);
    expect(mostStarting).toBe(1);
    expect(await hostsOf()).toEqual({ db: "h1", "web-0": "h2", "web-1": "h2", "web-2": "h2" });
    const made = await Promise.all(NAMES.slice(1).map((name) => createdAt(lab, stack, name)));
    expect(made).toEqual([...made].sort());
    await seesNoChanges();
    await stack.isWhole(NAMES);
  });

  it("a rebalancing moves no more than it may, as the preview says; and supply is counted", async () => {
    const cloud = `{
      strategies: ["breadthFirst"], rebalance: { maxMoves: 1 },
      supply: { headroom: 2, maxContainers: 2, maxHosts: 4 },
    }`;
    const body = `${REPLICAS}
      export const supply = { needed: cloud.neededHosts, desired: cloud.desiredHosts };`;
    await stack.write({ cloud, host: DRAIN, body });
    expect(await previewAndUp()).toContain("rebalance: 1 container moves: web-2 h2 -> h3");
    expect(await hostsOf()).toEqual({ db: "h1", "web-0": "h2", "web-1": "h2", "web-2": "h3" });
    // Six places of two each are wanted; the drained host offers none.
    const [root] = Object.values(await stack.project.byType("Stack"));
    expect(root?.outputs?.["supply"]).toEqual({ needed: 1, desired: 3 });
  });

  it("a dead host: what can move is placed anew, and no double is left when it is back", async () => {
    const cloud = `{ strategies: ["depthFirst"], replaceLost: true }`;
    const body = `${REPLICAS}
      web("store", {
        mounts: [{ bind: "/srv/moves-store", target: "/data" }], ...healthy,
        constraints: [{ kind: "host", host: "h2" }],
      });`;
    await lab.sh("h2", "mkdir", "-p", "/srv/moves-store");
    await stack.write({ host: DRAIN, body });
    await stack.project.must(UP);
    const owners = async () => [...(await stack.ownedBy("db")), ...(await stack.ownedBy("store"))];
    const before = await owners();
    await lab.kill("h2");
    const waits = await stack.project.run(["preview", "--stack", "dev"]);
    expect(waits.output).toMatch(
      /host h2 cannot be reached at [^;]*; web-0, web-1, store stay there/,
    );
    expect(waits.code).toBe(0);

    await stack.write({ cloud, host: DRAIN, body });
    const up = await stack.project.must(UP);
    expect(up.output).toContain("loss of h2: 2 containers move: web-0 -> h3 and web-1 -> h3");
    expect(up.output).toContain(
      "warning: store stays on h2, which is lost: its folder /srv/moves-store is there",
    );
    expect(up.output).toMatch(
      /host h2 cannot be reached: container dev-web-0-[0-9a-f]{8}, if it is still there, is removed/,
    );
    await lab.restart("h2");
    await until("the old ones", async () => (await stack.ownedBy("web-0")).length === 2);
    const back = await stack.project.must(UP);
    expect(back.output).toMatch(
      /host h2 is back: dev-web-0-[0-9a-f]{8}, which web-0 had left there, was removed/,
    );
    await seesNoChanges();
    await stack.isWhole([...NAMES, "store"]);
    expect(await hostsOf()).toMatchObject({ "web-0": "h3", "web-1": "h3", "web-2": "h3" });
    expect(await owners()).toEqual(before);
  });
});

/** An image that says it is built for another architecture than the lab's. */
const LOAD_ARM_IMAGE = `cd "$(mktemp -d)" &&
printf '{"architecture":"arm64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' >config.json &&
printf '[{"Config":"config.json","RepoTags":["foreign:arm"],"Layers":[]}]' >manifest.json &&
tar -c config.json manifest.json | docker load`;

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
