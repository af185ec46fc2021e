import { describe, expect, it } from "vitest";
import { bytesOf, secondsOf } from "../../../sdk/units.js";

describe("amounts with units", () => {
  it.each([
    ["512 MiB", 536_870_912],
    ["2 GB", 2_000_000_000],
    ["1.5GiB", 1_610_612_736],
    ["64k", 65_536],
    [1024, 1024],
  ])("%s of memory is %i bytes", (text, bytes) => {
    expect(bytesOf("memory", text)).toBe(bytes);
  });

  it.each([
    ["30 seconds", 30],
    ["500 ms", 0.5],
    ["2m", 120],
    [7, 7],
  ])("%s is %d seconds", (text, seconds) => {
    expect(secondsOf("wait", text)).toBe(seconds);
  });

  it.each(["lots", "-1 GB", "1e9", "12 parsec", ""])(
    "refuses %j and names the property",
    (text) => {
      expect(() => bytesOf("PlacedContainer web: memory", text)).toThrow(
        'PlacedContainer web: memory: not an amount; write for example "512 MiB"',
      );
    },
  );
});
