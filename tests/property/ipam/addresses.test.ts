import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  containsAddress,
  containsCidr,
  formatAddress,
  formatCidr,
  overlaps,
  parseAddress,
  parseCidr,
  parseCidrLoosely,
} from "../../../provider/ipam/cidr.js";
import { Twins } from "../../../provider/ipam/twins.js";
import type { PlanInput, PlanResult } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { after, hostsOf } from "../../unit/placement/make.js";
import { clouds } from "../placement/clouds.js";

const RUNS = { numRuns: 300 };

function cidrOf(text: string) {
  const cidr = parseCidr(text);
  if (!cidr) throw new Error(`${text} is not a CIDR`);
  return cidr;
}

/** What must hold for every address plan. */
function expectSound(plan: PlanInput, result: PlanResult): void {
  const networks = Object.entries(result.networks);
  for (const [i, [name, network]] of networks.entries()) {
    const cidr = cidrOf(network.cidr);
    for (const [, later] of networks.slice(i + 1)) {
      expect(overlaps(cidr, cidrOf(later.cidr))).toBe(false);
      expect(network.vni).not.toBe(later.vni);
    }
    const blocks = Object.values(network.hosts).map(({ block }) => cidrOf(block));
    for (const [j, block] of blocks.entries()) {
      expect(containsCidr(cidr, block)).toBe(true);
      for (const later of blocks.slice(j + 1)) expect(overlaps(block, later)).toBe(false);
    }
    const gateways = Object.values(network.hosts).map(({ gateway }) => gateway);
    const given = plan.requests.flatMap((request) => {
      const assignment = result.assignments[request.name];
      const address = assignment?.addresses[name];
      if (!assignment || address === undefined) return [];
      const block = network.hosts[assignment.host]?.block ?? "";
      const parsed = parseAddress(address);
      expect(parsed && containsAddress(cidrOf(block), parsed)).toBe(true);
      expect(network.records[request.name]).toEqual([address]);
      return [address];
    });
    expect(new Set(given).size).toBe(given.length);
    expect(given.filter((address) => gateways.includes(address))).toEqual([]);
  }
}

describe("addresses of any plan", () => {
  it("are unique and inside disjoint blocks of disjoint networks", () => {
    fc.assert(
      fc.property(clouds, (cloud) => {
        expectSound(cloud, planAll(cloud));
      }),
      RUNS,
    );
  });

  it("are given to every placed request, on each of its networks", () => {
    fc.assert(
      fc.property(clouds, (cloud) => {
        const result = planAll(cloud);
        for (const { name, networks } of cloud.requests) {
          const assignment = result.assignments[name];
          if (!assignment) continue;
          expect(Object.keys(assignment.addresses).sort()).toEqual(
            networks.map(({ network }) => network).sort(),
          );
        }
      }),
      RUNS,
    );
  });

  it("change with a new revision unless the old container stops first, and only then", () => {
    fc.assert(
      fc.property(clouds, fc.func(fc.boolean()), (cloud, isNew) => {
        const first = planAll(cloud);
        const requests = cloud.requests.map((request) =>
          isNew(request.name) ? { ...request, revision: "r2" } : request,
        );
        const second = planAll({ ...after(cloud, first), requests });
        const old = new Set(Object.values(first.assignments).flatMap(addressesOf));
        for (const { name, stopFirst, revision } of requests) {
          const before = first.assignments[name];
          const now = second.assignments[name];
          if (!before || !now) continue;
          if (stopFirst || revision === "r1") expect(now.addresses).toEqual(before.addresses);
          else expect(addressesOf(now).filter((address) => old.has(address))).toEqual([]);
        }
        expectSound({ ...cloud, requests }, second);
      }),
      RUNS,
    );
  });

  it("of requests that have left are not given to others in the same update", () => {
    fc.assert(
      fc.property(clouds, (cloud) => {
        const first = planAll(cloud);
        const requests = cloud.requests.map((request) => ({
          ...request,
          name: `new-${request.name}`,
        }));
        const second = planAll({ ...after(cloud, first), requests });
        const old = new Set(Object.values(first.assignments).flatMap(addressesOf));
        const given = Object.values(second.assignments).flatMap(addressesOf);
        expect(given.filter((address) => old.has(address))).toEqual([]);
      }),
      RUNS,
    );
  });

  it("and blocks stay for all hosts that stay when hosts come and go", () => {
    fc.assert(
      fc.property(clouds, fc.func(fc.boolean()), fc.func(fc.boolean()), (cloud, was, is) => {
        const before = { ...cloud, candidates: cloud.candidates.filter(({ name }) => was(name)) };
        const first = planAll(before);
        const later = { ...cloud, candidates: cloud.candidates.filter(({ name }) => is(name)) };
        const second = planAll({ ...later, previous: after(before, first).previous });
        for (const [name, network] of Object.entries(first.networks)) {
          const now = second.networks[name];
          for (const [host, { block }] of Object.entries(network.hosts)) {
            const entry = now?.hosts[host];
            if (entry) expect(entry.block).toBe(block);
            else expect(now?.retired).toContainEqual({ host, block });
          }
        }
        expectSound(later, second);
        expect(hostsOf(planAll(after(later, second)))).toEqual(
          expect.objectContaining(hostsOf(second)),
        );
      }),
      RUNS,
    );
  });
});

function addressesOf({ addresses }: { addresses: Record<string, string> }): string[] {
  return Object.entries(addresses).map(([network, address]) => `${network} ${address}`);
}

describe("IPv6 of any plan", () => {
  const withIPv6 = (cloud: PlanInput): PlanInput => ({
    ...cloud,
    networks: cloud.networks.map((network) => ({ ...network, ipv6: true })),
  });

  it("leaves hosts and IPv4 addresses as they are, and gives each of them one of its own", () => {
    fc.assert(
      fc.property(clouds, (cloud) => {
        const plain = planAll(cloud);
        const both = planAll(withIPv6(cloud));
        expect(both.assignments).toEqual(plain.assignments);
        for (const [name, network] of Object.entries(both.networks)) {
          const twins = Twins.of(network);
          if (!twins) throw new Error(`${name} has no IPv6`);
          const cidr6 = cidrOf(network.cidr6 ?? "");
          const hosts = Object.values(network.hosts);
          const blocks = hosts.map(({ block }) => cidrOf(twins.ipv6(block) ?? ""));
          blocks.forEach((block, i) => {
            expect(containsCidr(cidr6, block)).toBe(true);
            for (const later of blocks.slice(i + 1)) expect(overlaps(block, later)).toBe(false);
          });
          const addresses = Object.values(both.assignments).flatMap((each) => {
            const block = network.hosts[each.host]?.block ?? "";
            const address = twins.ipv6(each.addresses[name] ?? "");
            if (address === undefined) return [];
            const parsed = parseAddress(address);
            expect(parsed && containsAddress(cidrOf(twins.ipv6(block) ?? ""), parsed)).toBe(true);
            expect(twins.ipv4(address)).toBe(each.addresses[name]);
            return [address];
          });
          expect(new Set(addresses).size).toBe(addresses.length);
        }
      }),
      RUNS,
    );
  });
});

describe("CIDR arithmetic", () => {
  const address4 = fc.ipV4();
  const address6 = fc.ipV6();

  it("reads back what it writes, for both families", () => {
    fc.assert(
      fc.property(fc.oneof(address4, address6), (text) => {
        const address = parseAddress(text);
        expect(address).toBeDefined();
        if (address) expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });

  it("finds for each address of one family its twin in the other, and back", () => {
    fc.assert(
      fc.property(address4, address6, fc.integer({ min: 0, max: 32 }), (four, six, prefix) => {
        const cidr = parseCidrLoosely(`${four}/${prefix}`);
        const cidr6 = parseCidrLoosely(`${six}/${96 + prefix}`);
        if (!cidr || !cidr6) throw new Error("not parsed");
        const twins = new Twins(cidr, cidr6);
        const twin = twins.ipv6(four) ?? "";
        const parsed = parseAddress(twin);
        expect(parsed && containsAddress(cidr6, parsed)).toBe(true);
        expect(twins.ipv4(twin)).toBe(four);
        expect(twins.ipv6(formatCidr(cidr))).toBe(formatCidr(cidr6));
      }),
    );
  });

  it("takes a range apart from its host bits and finds its own addresses in it", () => {
    fc.assert(
      fc.property(address4, fc.integer({ min: 0, max: 32 }), (text, prefix) => {
        const cidr = parseCidrLoosely(`${text}/${prefix}`);
        const address = parseAddress(text);
        if (!cidr || !address) throw new Error("not parsed");
        expect(containsAddress(cidr, address)).toBe(true);
        expect(parseCidr(formatCidr(cidr))).toEqual(cidr);
      }),
    );
  });

  it("finds two ranges to overlap exactly when they share a first address of one of them", () => {
    const cidr = fc
      .tuple(
        fc.constantFrom("10.0.0.0", "10.0.1.0", "10.1.0.0", "10.0.0.128"),
        fc.integer({ min: 8, max: 30 }),
      )
      .map(([base, prefix]) => parseCidrLoosely(`${base}/${prefix}`));
    fc.assert(
      fc.property(cidr, cidr, (a, b) => {
        if (!a || !b) throw new Error("not parsed");
        const shared =
          containsAddress(a, { family: 4, value: b.base }) ||
          containsAddress(b, { family: 4, value: a.base });
        expect(overlaps(a, b)).toBe(shared);
        expect(overlaps(b, a)).toBe(shared);
      }),
    );
  });
});
