import { describe, expect, it } from "vitest";
import type { PolicyRule } from "../../../provider/firewall/model.js";
import type {
  NetworkPolicyInputs,
  NetworkPolicyState,
} from "../../../provider/resources/network-policy/inputs.js";
import { networkPolicyLifecycle as lifecycle } from "../../../provider/resources/network-policy/lifecycle.js";
import { UNKNOWN } from "../../../provider/unknown.js";

const inputs = (more: object = {}): NetworkPolicyInputs => ({
  meta: { project: "p", stack: "s", name: "segments", urn: "" },
  network: "lan",
  networkId: "lan",
  driver: "vxlan",
  vni: 7,
  cidr: "10.7.0.0/16",
  hosts: [],
  isolate: "applications",
  outside: "closed",
  rules: [],
  members: [],
  ...more,
});
const said = async (more: object) =>
  (await lifecycle.check({}, inputs(more))).failures?.map(
    ({ property, reason }) => `${property}: ${reason}`,
  );
const rule = (more: object) => ({
  rules: [{ from: "all", to: { service: "redis" }, ...more } as PolicyRule],
});

describe("check of a policy", () => {
  it.each([
    ["a rule within the network", rule({ ports: ["6379", "8000-8010", "53/udp"] })],
    ["a rule of addresses", rule({ from: { cidr: "192.0.2.0/24" } })],
    [
      "values that are not known yet",
      { ...rule({ from: UNKNOWN, ports: [UNKNOWN] }), driver: UNKNOWN },
    ],
    ["rules that are not known yet", { rules: UNKNOWN }],
  ])("takes %s", async (_what, more) => {
    expect(await said(more)).toEqual([]);
  });

  it.each<[object, string]>([
    [{ isolate: "yes" }, 'isolate: must be one of applications, containers, none, not "yes"'],
    [{ outside: true }, "outside: must be one of open, closed, not true"],
    [
      { driver: "macvlan" },
      'driver: the driver "macvlan" carries no policy: its packets pass the hosts\' firewall by; use vxlan, routed, wireguard',
    ],
    [{ rules: {} }, "rules: must be a list of rules"],
    [rule({ ports: ["0"] }), 'rules[0].ports: "0" is no port: write "80", "8000-8010" or "53/udp"'],
    [
      rule({ ports: [] }),
      'rules[0].ports: must be a list of ports such as "80", "8000-8010" or "53/udp"',
    ],
    [rule({ to: {} }), 'rules[0].to: names nobody: write "all" for every container'],
    [
      rule({ to: { app: "x" } }),
      "rules[0].to: app is none of application, service, container, host, machine, cidr",
    ],
    [
      rule({ from: { cidr: "192.0.2.1/24" } }),
      'rules[0].from: cidr must be a network such as 192.0.2.0/24 or 2001:db8::/32, not "192.0.2.1/24"',
    ],
    [
      rule({ from: "outside", to: "outside" }),
      "rules[0]: says nothing of the network: one end must be in it",
    ],
    [
      { ...rule({ from: "outside" }), outside: "open" },
      'rules[0]: has no effect while outside is "open": set outside: "closed"',
    ],
    [
      { ...rule({}), isolate: "none" },
      'rules[0]: has no effect while isolate is "none": containers reach each other without it',
    ],
  ])("refuses %j", async (more, sentence) => {
    expect(await said(more)).toEqual([sentence]);
  });
});

describe("diff of a policy", () => {
  const state: NetworkPolicyState = { ...inputs(), generation: "0123abcd" };

  it("is never a replacement, and a problem is a change", async () => {
    expect(await lifecycle.diff("id", state, inputs())).toEqual({ changes: false, replaces: [] });
    expect(await lifecycle.diff("id", state, inputs(rule({})))).toEqual({
      changes: true,
      replaces: [],
    });
    const broken = { ...state, problems: { h1: ["firewall rules are missing or changed"] } };
    expect(await lifecycle.diff("id", broken, inputs())).toEqual({ changes: true, replaces: [] });
  });
});
