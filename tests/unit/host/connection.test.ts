import { describe, expect, it } from "vitest";
import { parseAddress } from "../../../provider/host/connection-check.js";

describe("parsing an address", () => {
  it.each([
    ["a", { address: "a" }],
    ["root@a", { address: "a", user: "root" }],
    ["root@b:2222", { address: "b", port: 2222, user: "root" }],
    ["10.0.0.1:22", { address: "10.0.0.1", port: 22 }],
    ["::1", { address: "::1" }],
    ["ops@fe80::1", { address: "fe80::1", user: "ops" }],
    ["root@[2001:db8::1]:2022", { address: "2001:db8::1", port: 2022, user: "root" }],
  ])("takes %s apart", (text, parts) => {
    expect(parseAddress(text)).toEqual(parts);
  });

  it.each([
    ["", "address must be a host name or an IP address"],
    ["-oProxyCommand=x", "address must not begin with '-'"],
    ["-x@a", "user must not begin with '-'"],
    ["a:0", "port must be a whole number from 1 to 65535"],
    ["a:99999", "port must be a whole number from 1 to 65535"],
    ["a b", "address must be a host name or an IP address"],
    ["a:b", "must look like root@host:22"],
    ["a;id", "address must be a host name or an IP address"],
  ])("refuses %j", (text, problem) => {
    expect(parseAddress(text)).toEqual({ problem });
  });
});
