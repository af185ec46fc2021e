import { describe, expect, it } from "vitest";
import { bytes, hostCount, memoryList, numberList } from "../../../cli/lab/format.js";

describe("sizes and counts on the command line", () => {
  it.each([
    ["512m", [512 * 1024 ** 2]],
    ["2g,4G", [2 * 1024 ** 3, 4 * 1024 ** 3]],
    ["1.5GiB", [1.5 * 1024 ** 3]],
    ["1048576", [1048576]],
  ])("%s", (text, expected) => {
    expect(memoryList(text)).toEqual(expected);
  });

  it.each(["", "2x", "m", "-1g", "2g,"])("refuses the size %j", (text) => {
    expect(() => memoryList(text)).toThrow("is not a size such as 512m or 2g.");
  });

  it("reads counts and refuses what is none", () => {
    expect(numberList("2,0.5")).toEqual([2, 0.5]);
    expect(() => numberList("0")).toThrow('"0" is not a positive number.');
    expect(() => numberList("2,two")).toThrow('"two" is not a positive number.');
  });

  it("reads a number of hosts", () => {
    expect(hostCount("12")).toBe(12);
    for (const text of ["0", "-1", "1.5", "x", ""])
      expect(() => hostCount(text)).toThrow(`"${text}" is not a number of hosts.`);
  });

  it("shows bytes in the largest unit that fits", () => {
    expect([0, 1023, 1536, 512 * 1024 ** 2, 2 * 1024 ** 3].map(bytes)).toEqual([
      "0 B",
      "1023 B",
      "1.5 KiB",
      "512 MiB",
      "2 GiB",
    ]);
  });
});
