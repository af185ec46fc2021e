import { describe, expect, it } from "vitest";
import { formatIPv4, parseIPv4 } from "../../../provider/ipam/ipv4.js";

describe("IPv4 addresses", () => {
  it.each([
    ["0.0.0.0", 0],
    ["0.0.1.2", 258],
    ["10.20.30.40", 169090600],
    ["127.255.255.255", 2 ** 31 - 1],
    ["128.0.0.0", 2 ** 31],
    ["255.255.255.255", 2 ** 32 - 1],
  ])("%s is %d and back", (text, value) => {
    expect(parseIPv4(text)).toBe(value);
    expect(formatIPv4(value)).toBe(text);
  });

  it.each([
    "",
    ".",
    "10",
    "10.0.0",
    "10.0.0.",
    ".0.0.1",
    "10..0.1",
    "10.0.0.1.2",
    "10.0.0.256",
    "10.0.0.01",
    "010.0.0.1",
    "00.0.0.0",
    "10.0.0.0x1",
    "10.0.0.1 ",
    " 10.0.0.1",
    "10.0.0.1/8",
    "10.0.0.1:",
    "10.0.0.-1",
    "10,0,0,1",
    "fd00::1",
  ])("%j is none", (text) => {
    expect(parseIPv4(text)).toBeUndefined();
  });
});
