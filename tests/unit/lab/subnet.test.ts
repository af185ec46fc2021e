import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { freeUnderlays, hostAddress, hostMac, underlay } from "../../../lab/subnet.js";

describe("the choice of an underlay", () => {
  it("takes the first when nothing is in use", () => {
    expect(freeUnderlays([])[0]).toEqual({
      index: 0,
      subnet: "10.77.0.0/24",
      gateway: "10.77.0.254",
    });
    expect(freeUnderlays([])).toHaveLength(256);
  });

  it("leaves out what a route covers, wholly or in part", () => {
    const free = freeUnderlays(["default", "10.77.0.0/24", "10.77.1.128/25", "10.77.2.7"]);
    expect(free[0]?.index).toBe(3);
    expect(free).toHaveLength(253);
  });

  it("finds none where a wide route covers all of them", () => {
    expect(freeUnderlays(["10.0.0.0/8"])).toEqual([]);
    expect(freeUnderlays(["0.0.0.0/0"])).toEqual([]);
  });

  it("ignores routes elsewhere and what is no IPv4 route", () => {
    expect(freeUnderlays(["10.78.0.0/16", "10.76.255.0/24", "fe80::/64", "default"])).toHaveLength(
      256,
    );
  });

  it("never offers a subnet that holds an address in use", () => {
    const address = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(address, { maxLength: 40 }), (used) => {
        const routes = used.map(([third, fourth]) => `10.77.${third}.${fourth}`);
        const free = freeUnderlays(routes).map((one) => one.index);
        expect(free.filter((index) => used.some(([third]) => third === index))).toEqual([]);
        expect(free.length + new Set(used.map(([third]) => third)).size).toBe(256);
      }),
    );
  });

  it("gives each host an address and a MAC of its own, apart from the gateway", () => {
    const seen = new Set<string>();
    for (const index of [0, 1, 255])
      for (let host = 1; host <= 50; host++) {
        seen.add(hostMac(index, host));
        expect(hostAddress(index, host)).not.toBe(underlay(index).gateway);
      }
    expect(seen.size).toBe(150);
    expect(hostMac(10, 50)).toBe("02:77:00:00:0a:32");
  });
});
