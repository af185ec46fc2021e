import fc from "fast-check";
import type {
  Candidate,
  ConstraintSpec,
  HostPort,
  PlacementRequest,
  PlanInput,
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
);

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
);

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
    })
    .map(({ zone, ssd, maxContainers, notReady, others: foreign, ...rest }) =>
      host(`h${index}`, {
        ...rest,
        labels: { ...(zone === undefined ? {} : { zone }), ...(ssd ? { ssd: "yes" } : {}) },
        others: foreign.map((each, i) => other(`foreign-${i}`, each)),
        ...(maxContainers === undefined ? {} : { maxContainers }),
        ...(notReady === undefined ? {} : { notReady }),
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
      attached: fc.constantFrom<string[]>([], ["app"], ["app", "back"]),
      stopFirst: fc.boolean(),
    }),
    { maxLength: 6 },
  )
  .map((services) =>
    services.flatMap(({ count, attached, ...rest }, service) =>
      Array.from({ length: count }, (_, i) =>
        ask(`s${service}-${i}`, {
          ...rest,
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
  })
  .map((cloud) => input({ ...cloud, networks: [network("app"), network("back")] }));

/** The same cloud after its program and its hosts have changed. */
export const changedClouds: fc.Arbitrary<{ before: PlanInput; change: (i: number) => boolean }> =
  fc.record({
    before: clouds,
    change: fc.func(fc.boolean()).map((choose) => (i: number) => choose(i)),
  });
