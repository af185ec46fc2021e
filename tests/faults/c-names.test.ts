import { afterAll, afterEach, expect, it } from "vitest";
import { closeTransports } from "../../provider/host/pool.js";
import type { PlacedContainerInputs } from "../../provider/resources/placed-container/inputs.js";
import { ensureContainer } from "../../provider/resources/placed-container/ensure.js";
import { FaultProject, withBystanders } from "../support/fault-project.js";
import { describeLab, TEST_IMAGE, withLab } from "../support/lab.js";

describeLab("a name that is taken", () => {
  const lab = withLab("fault-names", { hosts: 1 });
  withBystanders(lab);
  let faulty: FaultProject | undefined;
  afterEach(async () => {
    await faulty?.destroy();
    faulty = undefined;
  });
  afterAll(closeTransports);

  it("C6: by a foreign container: refused with its image and owner, and left alone", async () => {
    faulty = await FaultProject.create(lab, "foreign-name");
    await faulty.heals(["web"]);
    const [own] = await faulty.ownedBy("web");
    const stored = (await faulty.project.byType("PlacedContainer"))["web"]!;
    const inputs = structuredClone(stored.inputs) as unknown as PlacedContainerInputs;
    inputs.meta.name = "other";
    // Generations are random: only a create told which one to use meets the name.
    const name = "dev-other-deadbeef";
    const foreign = await lab.sh(
      "h1",
      "docker",
      "run",
      "-d",
      "--name",
      name,
      TEST_IMAGE,
      "sleep",
      "100000",
    );
    const refusal = ensureContainer(inputs, "deadbeef", new AbortController().signal);
    await expect(refusal).rejects.toMatchObject({
      code: "conflict",
      message:
        `host h1: the name ${name} is taken by ${name} (image ${TEST_IMAGE}, not ours)\n` +
        "Rename or remove that container, then run again.",
    });
    const now = await lab.sh(
      "h1",
      "docker",
      "inspect",
      "-f",
      "{{.Id}} {{.State.Running}} {{.Name}}",
      name,
    );
    expect(now).toBe(`${foreign} true /${name}`);
    expect(await faulty.owned()).toEqual([own]);

    // An up chooses another generation, and passes the foreign one by.
    await faulty.write({ body: `web("web"); web("other");` });
    await faulty.heals(["web", "other"]);
    expect(
      await lab.sh("h1", "docker", "inspect", "-f", "{{.Id}} {{.State.Running}} {{.Name}}", name),
    ).toBe(now);
    await lab.sh("h1", "docker", "rm", "-f", name);
  });

  it("--replace keeps what is as wanted, and with deleteBeforeReplace makes it anew", async () => {
    faulty = await FaultProject.create(lab, "replace", {
      body: `web("kept"); web("fresh", {}, { deleteBeforeReplace: true });`,
    });
    await faulty.heals(["kept", "fresh"]);
    const before = await Promise.all(["kept", "fresh"].map((name) => faulty!.ownedBy(name)));
    const stored = await faulty.project.byType("PlacedContainer");
    const targets = Object.values(stored).flatMap(({ urn }) => ["--replace", urn]);
    const outcome = await faulty.project.up({}, ...targets);
    expect(outcome.code, outcome.output).toBe(0);
    await faulty.heals(["kept", "fresh"]);
    const [kept, fresh] = await Promise.all(["kept", "fresh"].map((name) => faulty!.ownedBy(name)));
    expect(kept![0]!.id).toBe(before[0]![0]!.id);
    expect(kept![0]!.name).not.toBe(before[0]![0]!.name);
    expect(fresh![0]!.id).not.toBe(before[1]![0]!.id);
  });

  it("a network that has to be made anew is, with the containers of a later plan", async () => {
    const body = (cidr: string) => `
      const own = new VirtualNetwork("own", { cloud, cidr: "${cidr}", blockPrefix: 26 });
      async function later() {
        await new Promise((resolve) => setTimeout(resolve, 20));
        for (const name of ["one", "two"]) web(name, { networks: [own] });
      }
      module.exports.later = later();`;
    faulty = await FaultProject.create(lab, "anew", { body: body("10.90.0.0/24") });
    await faulty.heals(["one", "two"]);
    const [before] = await faulty.ownedBy("one");
    await faulty.write({ body: body("10.91.0.0/24") });
    await faulty.heals(["one", "two"]);
    const [one] = await faulty.ownedBy("one");
    expect(one!.id).not.toBe(before!.id);
  });

  it("C6: a host port that a foreign container has: its host is refused, with the reason", async () => {
    const foreign = await lab.sh(
      "h1",
      ...[
        "docker",
        "run",
        "-d",
        "-p",
        "8080:80",
        "--name",
        "squatter",
        TEST_IMAGE,
        "sleep",
        "100000",
      ],
    );
    faulty = await FaultProject.create(lab, "foreign-port", {
      body: `web("web", { ports: ["8080:80"] });`,
    });
    const refused = await faulty.project.up();
    expect(refused.code).toBeGreaterThan(0);
    expect(refused.output).toContain(
      "no host for web: 1 host has port 8080/tcp in use (by squatter on h1)",
    );
    expect(await faulty.owned()).toEqual([]);
    expect(
      await lab.sh("h1", "docker", "inspect", "-f", "{{.Id}} {{.State.Running}}", "squatter"),
    ).toBe(`${foreign} true`);
    await lab.sh("h1", "docker", "rm", "-f", "squatter");
    await faulty.heals(["web"]);
  });

  it.each([
    ["created", "created"],
    ["started", "running"],
  ])("C7: an own leftover (%s) that is not what is wanted is replaced", async (point, state) => {
    faulty = await FaultProject.create(lab, `leftover-${point}`);
    const outcome = await faulty.project.up({ env: { CLOCKER_FAULT: `${point}:kill` } });
    expect(outcome.code).toBeGreaterThan(0);
    const [left] = await faulty.ownedBy("web");
    expect(left!.state).toBe(state);
    await faulty.write({ body: `web("web", { env: { CHANGED: "yes" } });` });
    await faulty.heals(["web"]);
    const [now] = await faulty.ownedBy("web");
    expect(now!.id).not.toBe(left!.id);
    expect(await lab.sh("h1", "docker", "exec", now!.id, "sh", "-c", "echo $CHANGED")).toBe("yes");
  });
});
