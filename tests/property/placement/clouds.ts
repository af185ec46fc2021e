import fc from "fast-check";
import type {
  Candidate,
  ConstraintSpec,
  HostPort,
  PlacementRequest,
  PlanInput,
  Preference,
  StrategySpec,
} from "../../../provider/placement/model.js";
import { ask, GiB, host, input, MiB, network, on, other } from "../../unit/placement/make.js";

const port: fc.Arbitrary<HostPort> = fc.record({
  hostPort: fc.constantFrom(80, 81),
  protocol: fc.constantFrom("tcp" as const, "udp" as const),
  hostAddress: fc.constantFrom("", "10.0.0.1", "10.0.0.2"),
});

export const strategy: fc.Arbitrary<StrategySpec> = fc.oneof(
  fc.constant<StrategySpec>({ kind: "depthFirst" }),
  fc.constant<StrategySpec>({ kind: "breadthFirst" }),
  fc.constant<StrategySpec>({ kind: "leastContainers" }),
  fc.constant<StrategySpec>({ kind: "random" }),
  fc.constant<StrategySpec>({ kind: "random", seed: "other" }),
  fc.constant<StrategySpec>({ kind: "binpack" }),
  fc.constant<StrategySpec>({ kind: "spread", scoring: "linear" }),
  fc.constant<StrategySpec>({ kind: "spreadOver", over: [{ label: "zone" }, { label: "ssd" }] }),
  fc.constant<StrategySpec>({ kind: "spreadOver", over: [{ label: "zone", targets: { a: 70 } }] }),
  fc.constant<StrategySpec>({ kind: "lowestCpuUsage" }),
  fc.constant<StrategySpec>({ kind: "comparator", name: "larger" }),
  fc.constant<StrategySpec>({ kind: "score", name: "free" }),
);

/** What the specs above and below refer to. */
const functions: PlanInput["functions"] = {
  comparators: { larger: (a, b) => b.memoryBytes - a.memoryBytes },
  scores: { free: ({ freeMemoryBytes, replicas }) => freeMemoryBytes / GiB - replicas },
  predicates: { few: ({ containers }) => containers < 4 || "is crowded" },
};

const constraint: fc.Arbitrary<ConstraintSpec> = fc.oneof(
  fc
    .constantFrom(
      "zone=a",
      "zone!=a",
      "zone in (a,b)",
      "zone notin (b)",
      "ssd exists",
      "ssd !exists",
    )
    .map((expression): ConstraintSpec => ({ kind: "label", expression })),
  fc
    .constantFrom("h*", "h1*", "?2")
    .map((pattern): ConstraintSpec => ({ kind: "hostname", pattern })),
  fc.constantFrom(1, 2, 5).map((max): ConstraintSpec => ({ kind: "maxContainers", max })),
  fc.constantFrom("h0", "h3", "h11").map((name): ConstraintSpec => ({ kind: "host", host: name })),
  fc
    .constantFrom("NOT TYPE", "NOT TYPE s0", "TYPE", "EMPTY", "NOT NAME -1", "NOT APPLICATION")
    .map((rules): ConstraintSpec => ({ kind: "affinity", rules })),
  fc.constantFrom(1, 2).map((max): ConstraintSpec => ({ kind: "maxPerHost", max })),
  fc.constantFrom(1, 3).map((max): ConstraintSpec => ({ kind: "distinct", label: "zone", max })),
  fc.constant<ConstraintSpec>({ kind: "maxCpuUsage", max: 0.7 }),
  fc.constant<ConstraintSpec>({ kind: "zone", in: ["a"] }),
  fc.constant<ConstraintSpec>({ kind: "predicate", name: "few" }),
);

/** Company that may come later in the plan, or never. */
const company: fc.Arbitrary<ConstraintSpec> = fc
  .constantFrom("SOME TYPE s1", "NOT EMPTY")
  .map((rules) => ({ kind: "affinity", rules }));
const preference: fc.Arbitrary<Preference> = fc.record({
  weight: fc.constantFrom(-50, 10, 100),
  prefer: fc.oneof(constraint, company).filter(({ kind }) => kind !== "distinct"),
});

const others = fc.array(
  fc.record({
    owner: fc.constantFrom("", "shop/prod/x"),
    cpus: fc.constantFrom(0, 0.5),
    memoryBytes: fc.constantFrom(0, 512 * MiB),
    ports: fc.array(port, { maxLength: 1 }),
  }),
  { maxLength: 2 },
);

function candidate(index: number): fc.Arbitrary<Candidate> {
  return fc
    .record({
      zone: fc.constantFrom("a", "b", undefined),
      ssd: fc.boolean(),
      cpus: fc.constantFrom(1, 2, 4),
      memoryBytes: fc.constantFrom(GiB, 2 * GiB, 4 * GiB),
      headroom: fc.record({
        cpus: fc.constantFrom(0, 0.3),
        memoryBytes: fc.constantFrom(0, 256 * MiB),
      }),
      maxContainers: fc.constantFrom(undefined, 3),
      others,
      volumes: fc.constantFrom<string[]>([], [], [], ["data"]),
      notReady: fc.constantFrom(undefined, undefined, undefined, "cannot be reached: timed out"),
      cpu: fc.constantFrom(undefined, 0.1, 0.6),
      gpus: fc.constantFrom(0, 0, 2),
      freeDisk: fc.constantFrom(undefined, GiB, 4 * GiB),
      drain: fc.constantFrom(false, false, false, false, true),
    })
    .map(
      ({
        zone,
        ssd,
        maxContainers,
        notReady,
        others: foreign,
        cpu,
        gpus,
        freeDisk,
        drain,
        ...rest
      }) =>
        host(`h${index}`, {
          ...rest,
          labels: { ...(zone === undefined ? {} : { zone }), ...(ssd ? { ssd: "yes" } : {}) },
          others: foreign.map((each, i) => other(`foreign-${i}`, each)),
          ...(maxContainers === undefined ? {} : { maxContainers }),
          ...(notReady === undefined ? {} : { notReady }),
          ...(cpu === undefined ? {} : { usage: { cpu, ageSeconds: 1 } }),
          ...(gpus > 0
            ? { devices: [{ kind: "gpu", attributes: {}, ids: [`g${index}a`, `g${index}b`] }] }
            : {}),
          ...(freeDisk === undefined ? {} : { disk: { freeBytes: freeDisk } }),
          ...(drain ? { drain } : {}),
        }),
    );
}

/** Services of equal replicas and single containers, in the order of a program. */
const requests: fc.Arbitrary<PlacementRequest[]> = fc
  .array(
    fc.record({
      count: fc.integer({ min: 1, max: 8 }),
      cpus: fc.constantFrom(0, 0.1, 0.5),
      memoryBytes: fc.constantFrom(0, 128 * MiB, 512 * MiB),
      ports: fc.array(port, { maxLength: 1 }),
      volumes: fc.constantFrom<string[]>([], [], [], ["data"], ["logs"]),
      constraints: fc.array(constraint, { maxLength: 1 }),
      strategies: fc.array(strategy, { maxLength: 1 }),
      preferences: fc.array(preference, { maxLength: 1 }),
      gpus: fc.constantFrom(0, 0, 0, 1),
      diskBytes: fc.constantFrom(0, 0, 0, GiB),
      attached: fc.constantFrom<string[]>([], ["app"], ["app", "back"]),
      stopFirst: fc.boolean(),
    }),
    { maxLength: 6 },
  )
  .map((services) =>
    services.flatMap(({ count, attached, gpus, ...rest }, service) =>
      Array.from({ length: count }, (_, i) =>
        ask(`s${service}-${i}`, {
          ...rest,
          ...(gpus > 0 ? { devices: [{ kind: "gpu", count: gpus }] } : {}),
          type: `s${service}`,
          networks: attached.map((name) => on(name, { aliases: [`svc${service}`] })),
        }),
      ),
    ),
  );

/** A random cloud: hosts of every condition, services with every kind of wish, two networks. */
export const clouds: fc.Arbitrary<PlanInput> = fc
  .record({
    candidates: fc
      .integer({ min: 0, max: 12 })
      .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => candidate(i)))),
    requests,
    constraints: fc.array(
      constraint.filter(({ kind }) => kind !== "host"),
      { maxLength: 1 },
    ),
    strategies: fc.array(strategy, { maxLength: 3 }),
    preferences: fc.array(preference, { maxLength: 1 }),
  })
  .map((cloud) => input({ ...cloud, functions, networks: [network("app"), network("back")] }));

/** The same, where some containers also want company: then not even fewer containers are always easier to place. */
export const sociable: fc.Arbitrary<PlanInput> = fc
  .tuple(clouds, fc.array(fc.option(company), { minLength: 6, maxLength: 6 }))
  .map(([cloud, wishes]) => ({
    ...cloud,
    requests: cloud.requests.map((request) => {
      const wish = wishes[Number(request.type.slice(1))];
      return wish ? { ...request, constraints: [...request.constraints, wish] } : request;
    }),
  }));

/** The same cloud after its program and its hosts have changed. */
export const changedClouds: fc.Arbitrary<{ before: PlanInput; change: (i: number) => boolean }> =
  fc.record({
    before: clouds,
    change: fc.func(fc.boolean()).map((choose) => (i: number) => choose(i)),
  });
