import { describe, expect, it } from "vitest";
import { UNKNOWN } from "../../../provider/unknown.js";
import {
  nameServerProblems,
  type NamedNetwork,
} from "../../../provider/network/dns/name-server.js";

const hosts = [{ name: "h1" }, { name: "h2" }];

const problems = (change: Partial<NamedNetwork>): string[] =>
  nameServerProblems({
    ...{ driver: "vxlan", domain: "app.clocker", dnsServers: [], hosts },
    ...change,
  }).map(({ property, reason }) => `${property} ${reason}`);

describe("who answers a network's names", () => {
  it("is a dnsmasq on every driver, with or without a word", () => {
    expect(problems({})).toEqual([]);
    expect(problems({ names: "dnsmasq" })).toEqual([]);
    expect(problems({ names: UNKNOWN, hosts: [] })).toEqual([]);
    expect(problems({ names: "unbound" })).toEqual([
      'names must be one of dnsmasq, docker, weave, not "unbound"',
    ]);
  });

  it("is Docker's own where it knows all containers, else that is said with the hosts", () => {
    expect(problems({ names: "docker", driver: "swarm" })).toEqual([]);
    expect(problems({ names: "docker", hosts: hosts.slice(0, 1) })).toEqual([]);
    expect(problems({ names: "docker" })).toEqual([
      'names must be "dnsmasq": with driver vxlan Docker\'s own resolver knows the containers of one host, and the network has 2 (h1, h2); driver swarm has one for all hosts',
    ]);
    const withMachine = [hosts[0]!, { name: "db", machine: true }];
    expect(problems({ names: "docker", hosts: withMachine })).toEqual([
      'names must be "dnsmasq": Docker\'s own resolver does not know db, a machine without Docker',
    ]);
  });

  it("is weaveDNS with Weave's router, in its domain, without resolvers of the network's own", () => {
    const weave = { names: "weave", driver: "weave", domain: "app.weave.local" } as const;
    expect(problems(weave)).toEqual([]);
    expect(problems({ ...weave, domain: UNKNOWN, dnsServers: UNKNOWN })).toEqual([]);
    expect(problems({ ...weave, driver: "swarm" })).toEqual([
      'names must not be "weave" with driver swarm: weaveDNS is a part of Weave\'s router, which driver weave runs',
    ]);
    for (const domain of ["app.clocker", "weave.local", "appweave.local"])
      expect(problems({ ...weave, domain })).toEqual([
        "domain must end in .weave.local, which is what weaveDNS answers for, such as app.weave.local",
      ]);
    expect(problems({ ...weave, dnsServers: ["9.9.9.9"] })).toEqual([
      "dnsServers must be left out: weaveDNS asks the host's own resolvers for all other names",
    ]);
  });
});
