import { describe, expect, it } from "vitest";
import { leavingUnderOthers } from "../../../provider/ipam/in-use.js";
import type { Candidate, PlanInput } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { after, host, input, network, sentences } from "../placement/make.js";

const other = (name: string, owner = "", on = "shop/dev/app"): Candidate["others"][number] => ({
  ...{ name, owner, application: "", cpus: 0, memoryBytes: 0, ports: [] },
  networks: [on],
});

/** The network app was made on two hosts, and then others came. */
function used(...others: Candidate["others"]): PlanInput {
  const first = input({ candidates: [host("h1"), host("h2")], networks: [network("app")] });
  return { ...after(first, planAll(first)), candidates: [host("h1", { others }), host("h2")] };
}

describe("containers of others on a network", () => {
  const debug = other("debug");
  const neighbour = other("db", "shop/prod/db");

  it("refuse that it becomes another one, with their names", () => {
    const moved = {
      ...used(debug, neighbour),
      networks: [network("app", { cidr: "10.9.0.0/16" })],
    };
    expect(sentences(planAll(moved))).toEqual([
      "network app: it cannot change from range 10.128.0.0/16 to 10.9.0.0/16 while containers that are not of this stack are on it (debug on h1 and db on h1): detach or remove them first",
    ]);
    const driven = { ...used(debug), networks: [network("app", { driver: "routed" })] };
    expect(sentences(planAll(driven))).toEqual([
      "network app: it cannot change from driver vxlan to routed while containers that are not of this stack are on it (debug on h1): detach or remove them first",
    ]);
  });

  it("are told the driver that plans from before there was a choice do not name", () => {
    const now = used(debug);
    const { driver: _driver, ...app } = now.previous.networks["app"]!;
    const old = { ...now.previous, networks: { app } };
    const networks = [network("app", { driver: "routed" })];
    expect(sentences(planAll({ ...now, previous: old, networks }))).toEqual([
      expect.stringMatching(/^network app: it cannot change from driver vxlan to routed while /),
    ]);
  });

  it("are said when it leaves", () => {
    expect(leavingUnderOthers({ ...used(debug), networks: [] })).toEqual([
      "network app leaves, and containers that are not of this stack are on it (debug on h1): up cannot remove it before they are detached or gone",
    ]);
  });

  it("are in nobody's way while it stays as it is, nor on another network, nor those of this stack", () => {
    expect(planAll(used(debug)).refusals).toEqual([]);
    expect(leavingUnderOthers(used(debug))).toEqual([]);
    const elsewhere = used(other("debug", "", "shop/prod/app"), other("late", "shop/dev/late"));
    const moved = { ...elsewhere, networks: [network("app", { cidr: "10.9.0.0/16" })] };
    expect(planAll(moved).refusals).toEqual([]);
    expect(leavingUnderOthers({ ...elsewhere, networks: [] })).toEqual([]);
    const given = { assignments: {}, networks: elsewhere.previous.networks, requests: [] };
    expect(leavingUnderOthers({ ...used(debug), networks: [], given })).toEqual([]);
  });
});
