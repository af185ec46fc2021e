import { describe, expect, it } from "vitest";
import type { Assignment, Candidate, PlacementRequest } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { ask, assigned, GiB, host, hostsOf, input, sentences } from "./make.js";

const gpu = (memory: string, ...ids: string[]) => ({ kind: "gpu", attributes: { memory }, ids });
const wants = (name: string, memory: string, more: Partial<PlacementRequest> = {}) =>
  ask(name, { devices: [{ kind: "gpu", count: 1, where: [`memory = ${memory}`] }], ...more });

/** The plan after these containers were seen on these hosts, where an earlier plan had put them. */
function planned(candidates: Candidate[], requests: PlacementRequest[]) {
  const assignments = candidates.flatMap(({ name: at, own }) =>
    Object.entries(own).map(([name, { devices }]): [string, Assignment] => [
      name,
      assigned(at, devices ? { devices } : {}),
    ]),
  );
  return planAll(
    input({
      ...{ candidates, requests },
      previous: { assignments: Object.fromEntries(assignments), networks: {} },
    }),
  );
}

describe("a device that a container gives up", () => {
  const devices = [gpu("8", "small"), gpu("40", "large")];

  it("is another's in the next up only, as its old container has it until the end of this one", () => {
    const own = { train: { networks: {}, devices: ["small"] } };
    const requests = [wants("train", "40"), wants("serve", "8")];
    const plan = planned([host("h1", { devices, own })], requests);
    expect(plan.assignments["train"]?.devices).toEqual(["large"]);
    expect(sentences(plan)).toEqual([
      "no host for serve: 1 host lacks 1 gpu with memory=8 (0 free)",
    ]);
    const elsewhere = host("h2", { devices: [gpu("8", "other")] });
    const moved = planned([host("h1", { devices, own }), elsewhere], requests);
    expect(moved.assignments["serve"]).toMatchObject({ host: "h2", devices: ["other"] });
    const after = { train: { networks: {}, devices: ["large"] } };
    expect(sentences(planned([host("h1", { devices, own: after })], requests))).toEqual([]);
  });

  it("is no other container's either that stays on the host", () => {
    const own = {
      train: { networks: {}, devices: ["small"] },
      serve: { networks: {}, devices: ["large"] },
    };
    const requests = [wants("train", "40"), wants("serve", "8")];
    expect(sentences(planned([host("h1", { devices, own })], requests)).length).toBeGreaterThan(0);
  });

  it("is its own again, and so is what an older container of it has", () => {
    const older = { ports: [], devices: ["small"] };
    const own = { train: { networks: {}, devices: ["large"], older } };
    const back = planned(
      [host("h1", { devices, own })],
      [wants("train", "8"), wants("serve", "40")],
    );
    expect(sentences(back)).toEqual([
      "no host for serve: 1 host lacks 1 gpu with memory=40 (0 free)",
    ]);
    expect(back.assignments["train"]?.devices).toEqual(["small"]);
  });

  it("counts for nobody else, an older container's port neither", () => {
    const port = { hostPort: 80, protocol: "tcp" as const, hostAddress: "" };
    const own = { web: { networks: {}, older: { ports: [port], devices: [] } } };
    const plan = planned([host("h1", { own })], [ask("web"), ask("api", { ports: [port] })]);
    expect(sentences(plan)).toEqual([
      "no host for api: 1 host has port 80/tcp in use (by web on h1)",
    ]);
    expect(hostsOf(planned([host("h1", { own })], [ask("web", { ports: [port] })]))).toEqual({
      web: "h1",
    });
  });
});

describe("what grows on a host that another one leaves", () => {
  const GONE = { constraints: [{ kind: "host" as const, host: "h2" }] };
  const own = {
    grows: { networks: {}, cpus: 1, memoryBytes: 0 },
    leaves: { networks: {}, cpus: 3, memoryBytes: 0 },
  };
  const candidates = [host("h1", { own }), host("h2")];

  it("finds it there until the end of the up, and so goes elsewhere", () => {
    const plan = planned(candidates, [
      ask("grows", { cpus: 2 }),
      ask("leaves", { cpus: 2, ...GONE }),
    ]);
    expect(hostsOf(plan)).toEqual({ grows: "h2", leaves: "h2" });
    expect(plan.moves).toContainEqual({
      ...{ name: "grows", from: "h1", to: "h2", cause: "rule" },
      why: "what leaves h1 takes its place until the end of the up",
    });
  });

  it("stays where there is room for both, and where it does not grow", () => {
    const stays = (cpus: number) =>
      hostsOf(planned(candidates, [ask("grows", { cpus }), ask("leaves", { cpus: 3, ...GONE })]));
    expect(stays(1)).toEqual({ grows: "h1", leaves: "h2" });
    const roomy = [host("h1", { own, cpus: 5 }), host("h2")];
    expect(
      hostsOf(planned(roomy, [ask("grows", { cpus: 2 }), ask("leaves", { cpus: 3, ...GONE })])),
    ).toEqual({ grows: "h1", leaves: "h2" });
  });

  it("goes alone: what is made again there as it was has its room", () => {
    const full = {
      ...{ grows: own.grows, leaves: { ...own.leaves, cpus: 2 } },
      same: { networks: {}, cpus: 1, memoryBytes: 0 },
    };
    const plan = planned(
      [host("h1", { own: full }), host("h2")],
      [
        ask("grows", { cpus: 2 }),
        ask("same", { cpus: 1, revision: "r2" }),
        ask("leaves", { cpus: 2, ...GONE }),
      ],
    );
    expect(hostsOf(plan)).toEqual({ grows: "h2", same: "h1", leaves: "h2" });
  });

  it("goes elsewhere only as far as is needed, the last ones first", () => {
    const [names, one] = [["g1", "g2", "g3"], own.grows];
    const full = { g1: one, g2: one, g3: one, leaves: { ...own.leaves, cpus: 4 } };
    const plan = planned(
      [host("h1", { own: full, cpus: 8 }), host("h2", { cpus: 8 })],
      [...names.map((name) => ask(name, { cpus: 2 })), ask("leaves", { cpus: 4, ...GONE })],
    );
    expect(hostsOf(plan)).toEqual({ g1: "h1", g2: "h2", g3: "h2", leaves: "h2" });
  });

  it("is placed like a new one where the host takes fewer containers now, and it has to go before it is made again", () => {
    const two = { web: { networks: {} }, gone: { networks: {} } };
    const fewer = [host("h1", { own: two, maxContainers: 1 }), host("h2")];
    const replaced = planned(fewer, [ask("web", { revision: "r2", stopFirst: true })]);
    expect(hostsOf(replaced)).toEqual({ web: "h2" });
    expect(hostsOf(planned(fewer, [ask("web")]))).toEqual({ web: "h1" });
    // A successor that runs beside it first has its place.
    expect(hostsOf(planned(fewer, [ask("web", { revision: "r2" })]))).toEqual({ web: "h1" });
  });

  it("is refused on a host that it was to leave, and that has no room for more", () => {
    const drained = host("h1", {
      drain: true,
      own: {
        web: { networks: {}, cpus: 0, memoryBytes: GiB },
        db: { networks: {}, cpus: 0, memoryBytes: 3 * GiB },
      },
    });
    const both = (web: number) => [
      ask("web", { memoryBytes: web }),
      ask("db", { memoryBytes: 3 * GiB }),
    ];
    const stuck = planned([drained], both(GiB));
    expect(hostsOf(stuck)).toEqual({ web: "h1", db: "h1" });
    expect(sentences(planned([drained], both(2 * GiB)))).toEqual([
      "no host for web: 1 host is being drained",
    ]);
  });
});
