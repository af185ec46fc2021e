import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBody } from "../../../provider/resources/placed-container/docker-config.js";
import { CHANGE_OF } from "../../../provider/resources/placed-container/changes.js";
import { decide } from "../../../provider/resources/placed-container/diff.js";
import type {
  ContainerSpec,
  PlacedContainerInputs,
} from "../../../provider/resources/placed-container/inputs.js";
import {
  bindSourceProblem,
  normalized,
} from "../../../provider/resources/placed-container/mounts.js";
import { isStopFirst, revisionOf } from "../../../provider/resources/placed-container/revision.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import {
  inputsOf,
  LAN,
  MIB,
  specOf,
  stateOf,
  lifecycle,
} from "../../unit/placed-container/fixtures.js";

const anything = fc.oneof(
  fc.anything({ maxDepth: 2 }),
  fc.constantFrom(UNKNOWN, Number.NaN, -1, 1e309, "", "a;b", "$(id)", "\0", null, [], {}, [
    UNKNOWN,
  ]),
);
const keys = Object.keys(CHANGE_OF) as (keyof ContainerSpec)[];

/** Specs that check accepts. */
const spec = fc
  .record(
    {
      image: fc.constantFrom("clocker/web:1", "clocker/web:2", "redis"),
      cpus: fc.constantFrom(0.5, 1, 2),
      memoryBytes: fc.constantFrom(64 * MIB, 128 * MIB),
      pids: fc.integer({ min: 1, max: 999 }),
      env: fc.dictionary(
        fc.stringMatching(/^[A-Z]{1,8}$/),
        fc.string({ maxLength: 5 }).map((text) => text.replaceAll("\0", "")),
        { maxKeys: 3 },
      ),
      ports: fc.uniqueArray(
        fc.record({
          containerPort: fc.integer({ min: 1, max: 65535 }),
          hostPort: fc.constantFrom(0, 0, 8080),
        }),
        { maxLength: 2, selector: ({ hostPort }) => hostPort || Math.random() },
      ),
      mounts: fc.constantFrom(
        [],
        [{ kind: "volume", name: "v", target: "/v" }],
        [{ kind: "volume", name: "v", target: "/v", readOnly: true }],
      ),
      hardened: fc.boolean(),
      command: fc.array(
        fc.string({ maxLength: 5 }).map((text) => text.replaceAll("\0", "")),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: [] },
  )
  .map((more) => specOf(more));

describe("check", () => {
  it("never throws, whatever stands in the spec, and never repeats a value", async () => {
    const canary = "canary-91aa";
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), anything),
        async (more) => {
          const news = { ...inputsOf(), spec: { ...inputsOf().spec, ...more, user: `${canary} ` } };
          const { failures } = await lifecycle.check({}, news);
          expect(failures?.length).toBeGreaterThan(0);
          expect(JSON.stringify(failures)).not.toContain(canary);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("passes an unknown at any place of a good spec", async () => {
    const full = specOf({
      command: ["a"],
      entrypoint: ["b"],
      workingDir: "/w",
      hostname: "h",
      user: "u",
      env: { A: "1" },
      secretEnv: { B: "2" },
      secrets: [{ name: "s", value: "v", path: "/p", uid: 1 }],
      ports: [{ containerPort: 80, hostPort: 8080 }],
      labels: { l: "m" },
      devices: ["/dev/x"],
      dns: ["1.1.1.1"],
      mounts: [
        { kind: "volume", name: "v", target: "/v" },
        { kind: "bind", source: "/srv/x", target: "/x" },
        { kind: "tmpfs", target: "/t", sizeBytes: 4096 },
      ],
      health: { command: ["CMD", "x"] },
      log: { driver: "d", options: { o: "p" } },
      extraHosts: { a: "1.1.1.1" },
      capabilities: { add: ["NET_RAW"], drop: ["CHOWN"] },
    });
    const inputs = { ...inputsOf(), spec: full };
    const paths: string[][] = [];
    const walk = (value: unknown, path: string[]) => {
      if (path.length > 0) paths.push(path);
      if (typeof value === "object" && value !== null) {
        for (const [key, member] of Object.entries(value)) walk(member, [...path, key]);
      }
    };
    walk({ spec: inputs.spec, place: inputs.place }, []);
    expect(paths.length).toBeGreaterThan(100);
    for (const path of paths) {
      const copy = structuredClone(inputs) as unknown as Record<string, unknown>;
      let at = copy;
      for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
      at[path.at(-1)!] = UNKNOWN;
      const news = copy as unknown as PlacedContainerInputs;
      const { failures } = await lifecycle.check({}, news);
      expect(failures, path.join(".")).toBeUndefined();
      // diff must bear the same.
      await lifecycle.diff("id", stateOf(inputs), news);
    }
  });

  it("is idempotent: what it filled in, it accepts unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(spec, async (good) => {
        const once = await lifecycle.check({}, { ...inputsOf(), spec: good });
        expect(once.failures).toBeUndefined();
        const twice = await lifecycle.check(once.inputs!, once.inputs!);
        expect(twice).toEqual(once);
      }),
      { numRuns: 100 },
    );
  });
});

describe("diff", () => {
  it("finds no change between a state and its own inputs", () => {
    fc.assert(
      fc.property(spec, (good) => {
        const inputs = { ...inputsOf(), spec: good };
        expect(decide(stateOf(inputs), structuredClone(inputs))).toEqual({
          result: { changes: false },
        });
      }),
    );
  });

  it("replaces exactly when the revision differs, stop-first exactly when isStopFirst says so", () => {
    fc.assert(
      fc.property(spec, spec, (before, after) => {
        const olds = stateOf({ ...inputsOf(), spec: before });
        // As the plan does it: another address for what runs beside the old one.
        const replaced = revisionOf(before) !== revisionOf(after);
        const address = replaced && !isStopFirst(after) ? "10.64.0.9" : LAN.address;
        const news = { ...inputsOf({}, { networks: [{ ...LAN, address }] }), spec: after };
        const { result } = decide(olds, news);
        expect(result.replaces !== undefined).toBe(replaced);
        if (replaced) expect(result.deleteBeforeReplace).toBe(isStopFirst(after));
      }),
    );
  });
});

describe("the create request", () => {
  it("is never privileged, always limited, and drops everything first", () => {
    fc.assert(
      fc.property(spec, (good) => {
        const body = createBody(
          { ...inputsOf(), spec: good },
          { generation: "0123abcd", resolvers: [], apiMinor: 41, secretsFolder: undefined },
        );
        const host = body.HostConfig!;
        expect(host.Privileged).toBe(false);
        expect(host.CapDrop).toEqual(["ALL"]);
        expect(host.SecurityOpt).toEqual(["no-new-privileges"]);
        expect(host.NanoCpus).toBeGreaterThan(0);
        expect(host.Memory).toBeGreaterThan(0);
        expect(host.PidsLimit).toBeGreaterThan(0);
        expect(host.NetworkMode).toBe("lan-77");
        if (good.hardened) expect([host.CapAdd, host.ReadonlyRootfs]).toEqual([[], true]);
      }),
    );
  });
});

describe("folders of the host", () => {
  it("no spelling of a forbidden one passes", () => {
    const forbidden = fc.constantFrom(
      "/",
      "/etc",
      "/proc",
      "/sys",
      "/dev",
      "/boot",
      "/usr",
      "/lib",
      "/var/run/docker.sock",
      "/var/lib/docker",
    );
    const noise = fc
      .array(fc.constantFrom("/", "/.", "/./", "//"), { maxLength: 3 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(noise, forbidden, noise, fc.boolean(), (before, path, after, readOnly) => {
        const spelled = `${before}${path}${after === "" ? "" : after.replace(/^\.?/, "/")}`;
        if (normalized(spelled) !== normalized(path)) return;
        expect(bindSourceProblem(spelled, readOnly)).toBeDefined();
      }),
    );
  });
});
