import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  matchesLabels,
  parseLabelExpression,
} from "../../../provider/placement/constraints/label-expression.js";
import { microCores } from "../../../provider/placement/host-state.js";
import type {
  Candidate,
  ConstraintSpec,
  PlacementRequest,
  PlanInput,
  PlanResult,
} from "../../../provider/placement/model.js";
import { ScanPicker } from "../../../provider/placement/pickers/scan.js";
import type { MakePicker } from "../../../provider/placement/place.js";
import { planAll } from "../../../provider/placement/plan.js";
import { portsOverlap } from "../../../provider/placement/port-table.js";
import { after, host } from "../../unit/placement/make.js";
import { changedClouds, clouds, sociable } from "./clouds.js";

const RUNS = { numRuns: 250 };

/** Looks at every host for every request: what the fast pickers must equal. */
const scanning: MakePicker = ({ hosts, ordering, accepts }) =>
  new ScanPicker(hosts, ordering, accepts);

function placedOn(plan: PlanInput, result: PlanResult, candidate: Candidate) {
  return plan.requests.filter(({ name }) => result.assignments[name]?.host === candidate.name);
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Whether every hard rule of placement holds for what lies on each host. */
function expectSound(plan: PlanInput, result: PlanResult): void {
  for (const candidate of plan.candidates) {
    const own = placedOn(plan, result, candidate);
    if (own.length === 0) continue;
    const cpus = sum([...own, ...candidate.others].map((each) => microCores(each.cpus)));
    const memory = sum([...own, ...candidate.others].map((each) => each.memoryBytes));
    const askedCpus = own.some((each) => each.cpus > 0);
    const askedMemory = own.some((each) => each.memoryBytes > 0);
    if (askedCpus) {
      expect(cpus).toBeLessThanOrEqual(
        microCores(candidate.cpus) - microCores(candidate.headroom.cpus),
      );
    }
    if (askedMemory) {
      expect(memory).toBeLessThanOrEqual(candidate.memoryBytes - candidate.headroom.memoryBytes);
    }
    const counted = candidate.others.filter(({ owner }) => owner !== "").length + own.length;
    expect(counted).toBeLessThanOrEqual(candidate.maxContainers ?? Infinity);
    const ports = [...own, ...candidate.others].flatMap((each) => each.ports);
    for (const mine of own.flatMap((each) => each.ports)) {
      expect(ports.filter((port) => port !== mine && portsOverlap(port, mine))).toEqual([]);
    }
    expect(candidate.notReady).toBeUndefined();
    for (const request of own) {
      for (const spec of [...plan.constraints, ...request.constraints]) {
        expect(holds(spec, request, candidate, plan, result)).toBe(true);
      }
    }
    expectDevices(own, candidate, result);
    if (own.length > 0) expect(candidate.drain).toBeUndefined();
  }
}

/** Every device is held by at most one container, and is of the host. */
function expectDevices(own: PlacementRequest[], candidate: Candidate, result: PlanResult): void {
  const ids = own.flatMap(({ name }) => result.assignments[name]?.devices ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBe(
    sum(own.flatMap(({ devices = [] }) => devices.map(({ count }) => count))),
  );
  const there = candidate.devices?.flatMap((each) => each.ids) ?? [];
  expect(ids.filter((id) => !there.includes(id))).toEqual([]);
}

/** What a constraint means, written down a second time and as plainly as can be. */
function holds(
  spec: ConstraintSpec,
  request: PlacementRequest,
  candidate: Candidate,
  plan: PlanInput,
  result: PlanResult,
): boolean {
  const neighbours = placedOn(plan, result, candidate).filter((each) => each !== request);
  const ours = candidate.others.filter(({ owner }) => owner !== "");
  switch (spec.kind) {
    case "host":
      return candidate.name === spec.host;
    case "label": {
      const parsed = parseLabelExpression(spec.expression);
      return parsed.ok && matchesLabels(parsed.expression, candidate.labels);
    }
    case "maxContainers":
      return neighbours.length + ours.length < spec.max;
    case "maxPerHost":
      return neighbours.filter(({ type }) => type === request.type).length < spec.max;
    case "distinct": {
      const value = candidate.labels[spec.label];
      const branch = plan.candidates.filter(({ labels }) => labels[spec.label] === value);
      const there = branch.flatMap((each) => placedOn(plan, result, each));
      const max = spec.max ?? 1;
      return value !== undefined && there.filter(({ type }) => type === request.type).length <= max;
    }
    case "zone":
      return spec.in.includes(candidate.labels["zone"] ?? "");
    case "affinity": {
      const types = neighbours.map(({ type }) => type);
      switch (spec.rules) {
        case "NOT TYPE":
          return ours.length + neighbours.length === 0 || !types.includes(request.type);
        case "NOT TYPE s0":
          return !types.includes("s0");
        case "TYPE":
          return ours.length === 0 && types.every((type) => type === request.type);
        case "EMPTY":
          return ours.length + neighbours.length === 0;
        case "NOT NAME -1":
          return !neighbours.some(({ name }) => name.includes("-1"));
        case "NOT APPLICATION":
          return neighbours.length === 0;
        case "SOME TYPE s1":
          return types.includes("s1");
        case "NOT EMPTY":
          return ours.length + neighbours.length > 0;
        default:
          return false;
      }
    }
    default:
      // Hostnames, use, and functions of the program: tables of cases have them.
      return true;
  }
}

function isSaid({ assignments, pending }: PlanResult, name: string): boolean {
  return name in assignments || pending.requests.includes(name);
}

describe("a plan of any cloud", () => {
  it("is what a scan of all hosts for every request gives", () => {
    fc.assert(
      fc.property(sociable, (cloud) => {
        expect(planAll(cloud)).toEqual(planAll(cloud, scanning));
      }),
      { numRuns: 500 },
    );
  });

  it("never exceeds capacity, never doubles a port and keeps every constraint", () => {
    fc.assert(
      fc.property(sociable, (cloud) => {
        expectSound(cloud, planAll(cloud));
      }),
      RUNS,
    );
  });

  it("decides every request: placed or refused with the reasons of all hosts", () => {
    fc.assert(
      fc.property(sociable, (cloud) => {
        const result = planAll(cloud);
        for (const { name } of cloud.requests) {
          const refusal = result.refusals.find((each) => each.name === name);
          expect(Number(name in result.assignments) + Number(refusal !== undefined)).toBe(1);
          if (!refusal) continue;
          expect(refusal.sentence.startsWith(`no host for ${name}: `)).toBe(true);
          expect(refusal.hosts.map((each) => each.host).sort()).toEqual(
            cloud.candidates.map((each) => each.name).sort(),
          );
        }
      }),
      RUNS,
    );
  });

  it("is the same for any order of the hosts", () => {
    fc.assert(
      fc.property(sociable, fc.infiniteStream(fc.nat()), (cloud, numbers) => {
        const shuffled = cloud.candidates
          .map((candidate) => ({ candidate, at: numbers.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ candidate }) => candidate);
        expect(planAll({ ...cloud, candidates: shuffled })).toEqual(planAll(cloud));
      }),
      RUNS,
    );
  });

  it("does not change when it is made again from its own result", () => {
    fc.assert(
      fc.property(sociable, (cloud) => {
        const first = planAll(cloud);
        const second = planAll(after(cloud, first));
        expect(second.assignments).toEqual(expect.objectContaining(first.assignments));
        // What was refused for disk or use is judged by a new look at the hosts, and this is the old one.
        if (first.refusals.length === 0) expect(second.networks).toEqual(first.networks);
      }),
      RUNS,
    );
  });

  it("survives a stop in the middle: containers that already run keep host and address without a state", () => {
    fc.assert(
      fc.property(clouds, fc.func(fc.boolean()), (cloud, isMade) => {
        const first = planAll(cloud);
        const running = cloud.candidates.map((candidate) => ({
          ...candidate,
          ownNetworks: Object.fromEntries(
            Object.entries(first.networks).map(([name, { cidr, vni }]) => [name, { cidr, vni }]),
          ),
          own: Object.fromEntries(
            placedOn(cloud, first, candidate)
              .filter(({ name }) => isMade(name))
              .map(({ name }) => [name, { networks: first.assignments[name]?.addresses ?? {} }]),
          ),
        }));
        const second = planAll({ ...cloud, candidates: running });
        for (const candidate of running) {
          for (const [name, { networks }] of Object.entries(candidate.own)) {
            expect(second.assignments[name]?.host).toBe(candidate.name);
            const blocks = Object.entries(networks).filter(
              ([each]) =>
                second.networks[each]?.hosts[candidate.name]?.block ===
                first.networks[each]?.hosts[candidate.name]?.block,
            );
            for (const [each, address] of blocks) {
              expect(second.assignments[name]?.addresses[each]).toBe(address);
            }
          }
        }
      }),
      RUNS,
    );
  });

  it("moves nothing that may stay when the program and the hosts change", () => {
    fc.assert(
      fc.property(changedClouds, ({ before, change }) => {
        const first = planAll(before);
        // Requests only leave, so that whatever stays still fits.
        const requests = before.requests.filter((_, i) => change(i));
        const second = planAll({ ...after(before, first), requests });
        for (const { name } of requests) {
          const old = first.assignments[name];
          if (!old) continue;
          expect(second.assignments[name]).toEqual(old);
        }
        expectSound({ ...before, requests }, second);
      }),
      RUNS,
    );
  });

  it("moves only what lay on a host that has left", () => {
    fc.assert(
      fc.property(clouds, (cloud) => {
        const first = planAll(cloud);
        const [gone, ...rest] = cloud.candidates;
        if (!gone) return;
        const second = planAll({ ...after(cloud, first), candidates: rest });
        for (const [name, assignment] of Object.entries(first.assignments)) {
          if (assignment.host === gone.name) continue;
          expect(second.assignments[name]).toEqual(assignment);
        }
      }),
      RUNS,
    );
  });

  it("never refuses one request because a host was added", () => {
    fc.assert(
      fc.property(clouds, (cloud) => {
        const [request] = cloud.requests;
        if (!request) return;
        const alone = { ...cloud, requests: [request] };
        const feasible = planAll(alone).refusals.length === 0;
        const larger = { ...alone, candidates: [...cloud.candidates, host("h99")] };
        if (feasible) expect(planAll(larger).refusals).toEqual([]);
      }),
      RUNS,
    );
  });

  it("says in preview only what holds once the hosts exist", () => {
    fc.assert(
      fc.property(clouds, fc.nat(), fc.func(fc.boolean()), (drawn, which, isOld) => {
        const index = which % Math.max(1, drawn.candidates.length);
        // A machine that is made in this up holds no volumes yet.
        const cloud = {
          ...drawn,
          candidates: drawn.candidates.map((each, i) =>
            i === index ? { ...each, volumes: [] } : each,
          ),
        };
        // Part of the program was brought up before the new host was added to it.
        const earlier = {
          ...cloud,
          candidates: cloud.candidates.filter((_, i) => i !== index),
          requests: cloud.requests.filter(({ name }) => isOld(name)),
        };
        const grown = { ...cloud, previous: after(earlier, planAll(earlier)).previous };
        const candidates = cloud.candidates.map((candidate, i) =>
          i === index ? { ...candidate, pending: true } : candidate,
        );
        const preview = planAll({ ...grown, candidates });
        const up = planAll(grown);
        if (preview.refusals.length > 0) expect(up.refusals).not.toEqual([]);
        // A request that has only one host can still be refused there. A refusal fails the up before anything is
        // touched, so there is no other plan to compare with.
        if (up.refusals.length > 0) return;
        for (const [name, assignment] of Object.entries(preview.assignments)) {
          const real = up.assignments[name];
          expect({ ...real, addresses: {} }).toEqual({ ...assignment, addresses: {} });
          expect(real?.addresses).toEqual(expect.objectContaining(assignment.addresses));
        }
        for (const [name, { cidr, vni }] of Object.entries(preview.networks)) {
          expect(up.networks[name]).toMatchObject({ cidr, vni });
        }
        expect(Object.keys(up.assignments).filter((name) => !isSaid(preview, name))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
