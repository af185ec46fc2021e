import { afterEach, describe, expect, it } from "vitest";
import type { SshEndpoint } from "../../../provider/host/connection.js";
import {
  forgetLostHosts,
  giveUpForNow,
  isGivenUp,
  isRemovedLater,
  wayTo,
} from "../../../provider/host/lost-hosts.js";
import { connectionTo } from "../placed-container/fixtures.js";

const jumpAt = (address: string, more: Partial<SshEndpoint> = {}): SshEndpoint => ({
  address,
  port: 22,
  user: "ops",
  key: { kind: "agent" },
  ...more,
});
const behind = (jump?: SshEndpoint) =>
  connectionTo("h1", { address: "10.0.0.5", ...(jump ? { jump } : {}) });

describe("the way to a host", () => {
  it.each([
    ["without a jump host", behind(), "root@10.0.0.5:22"],
    ["through one", behind(jumpAt("eu")), "root@10.0.0.5:22 through ops@eu:22"],
    ["through another", behind(jumpAt("us")), "root@10.0.0.5:22 through ops@us:22"],
    [
      "by another port",
      behind(jumpAt("eu", { port: 2222 })),
      "root@10.0.0.5:22 through ops@eu:2222",
    ],
    ["as another user", behind(jumpAt("eu", { user: "me" })), "root@10.0.0.5:22 through me@eu:22"],
  ])("%s", (_, connection, way) => {
    expect(wayTo(connection)).toBe(way);
  });
});

describe("a host that is given up", () => {
  afterEach(() => forgetLostHosts());

  it("is not the one of the same address behind another jump host", () => {
    giveUpForNow(behind(jumpAt("eu")), ["web"]);
    expect(isGivenUp(behind(jumpAt("eu")))).toBe(true);
    expect(isRemovedLater(behind(jumpAt("eu")), "web")).toBe(true);
    expect(isGivenUp(behind(jumpAt("us")))).toBe(false);
    expect(isGivenUp(behind())).toBe(false);
    expect(isRemovedLater(behind(jumpAt("us")), "web")).toBe(false);
  });

  it("keeps what earlier plans counted", () => {
    giveUpForNow(behind(), ["web"]);
    giveUpForNow(behind(), ["db"]);
    expect(["web", "db", "other"].map((name) => isRemovedLater(behind(), name))).toEqual([
      true,
      true,
      false,
    ]);
  });
});
