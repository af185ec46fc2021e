import { afterAll, expect, it } from "vitest";
import { describeLab, withLab } from "../support/lab.js";
import { FaultProject, withBystanders } from "../support/fault-project.js";

// In the order in which they are passed: the first two happen once for a host and a network.
const POINTS = [
  "host-prepared",
  "network-joined",
  "pulled",
  "created",
  "claimed",
  "attached",
  "started",
  "healthy",
] as const;

/** What is being made there; else the container. */
const RESOURCE: Partial<Record<string, RegExp>> = {
  "host-prepared": /:DockerHost::h1$/,
  "network-joined": /:VirtualNetwork::second$/,
};

/** Points from which on the container exists when the process dies there. */
const WITH_CONTAINER: readonly string[] = ["created", "claimed", "attached", "started", "healthy"];

describeLab("A4: the provider's process dies at a step of a creation", () => {
  const lab = withLab("fault-provider", { hosts: 1 });
  let faulty: FaultProject | undefined;
  const names: string[] = [];
  withBystanders(lab);
  afterAll(async () => faulty?.destroy());

  it.each(POINTS)("%s: the next up heals", async (point) => {
    names.push(point);
    // A network that is made in that very case.
    const second = `const second = new VirtualNetwork("second", { cloud });`;
    const args = (name: string) => (name === "network-joined" ? "{ networks: [second] }" : "{}");
    const body = [
      ...(names.includes("network-joined") ? [second] : []),
      ...names.map((name) => `web("${name}", ${args(name)});`),
    ].join("\n");
    faulty ??= await FaultProject.create(lab, "steps");
    await faulty.write({ body });
    const outcome = await faulty.project.up({
      env: { CLOCKER_FAULT: `${point}:kill` },
      timeoutMs: 60_000,
    });
    expect(outcome.code).toBeGreaterThan(0);
    expect(outcome.output).toContain(
      "the provider's process ended in the midst of it; it may have taken effect all the same",
    );
    expect(outcome.output).toContain("Run again: what was begun is found and taken up.");
    // Entries of the cases before stay until they are cleared.
    const pending = (await faulty.project.pending()).at(-1);
    expect(pending).toMatchObject({
      type: "creating",
      resource: {
        urn: expect.stringMatching(RESOURCE[point] ?? new RegExp(`::${point}$`)) as string,
      },
    });

    const left = await faulty.ownedBy(point);
    expect(left.length).toBe(WITH_CONTAINER.includes(point) ? 1 : 0);
    await faulty.heals(names);
    // Adopted, not made anew.
    if (left[0]) expect((await faulty.ownedBy(point))[0]!.id).toBe(left[0].id);
  });
});
