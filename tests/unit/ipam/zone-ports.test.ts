import { describe, expect, it } from "vitest";
import { reserveZonePorts } from "../../../provider/ipam/zone-ports.js";
import type {
  Candidate,
  NetworkRequest,
  PlacementRequest,
} from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { ask, host, input, network, sentences } from "../placement/make.js";

/** A plan of these networks on two hosts, as the inputs of a program become one. */
function plan(
  networks: NetworkRequest[],
  over: Partial<Candidate> = {},
  requests: PlacementRequest[] = [],
) {
  const candidates = [host("h1", over), host("h2")];
  reserveZonePorts(candidates, networks);
  return planAll(input({ candidates, networks, requests }));
}

const served = (name: string, hosts: string[], port?: number) =>
  network(name, { zone: { hosts, ...(port === undefined ? {} : { port }) } });
const refused = (name: string, by: string, port = 53) =>
  `network ${name}: port ${port} of h1 (192.168.7.2), at which its zone is to be asked for, is in use by ${by}: give the zone another port`;

describe("the port of a zone that hosts serve", () => {
  it("is one network's on a host, and another port or host is free for the next", () => {
    const app = served("app", ["h1"]);
    expect(sentences(plan([app, served("shop", ["h2", "h1"])]))).toEqual([
      refused("shop", "the name server of network app"),
    ]);
    expect(plan([app, served("shop", ["h1"], 5353), served("back", ["h2"])]).refusals).toEqual([]);
  });

  it("is taken in the allocation too, so that a later plan of the same up knows it before it is there", () => {
    const first = plan([served("app", ["h1"], 5353)]);
    const { zone } = first.networks["app"]!;
    expect(zone).toEqual({ hosts: ["h1"], port: 5353 });
    const networks = [served("shop", ["h1"], 5353), served("back", ["h2"], 5353)];
    const candidates = [host("h1"), host("h2")];
    reserveZonePorts(candidates, [{ name: "app", zone }, ...networks]);
    expect(sentences(planAll(input({ candidates, networks, requests: [] })))).toEqual([
      refused("shop", "the name server of network app", 5353),
    ]);
    expect(plan([network("plain")]).networks["plain"]).not.toHaveProperty("zone");
  });

  it.each([
    ["", 53, true],
    ["0.0.0.0", 53, true],
    ["192.168.7.2", 53, true],
    ["127.0.0.53", 53, false],
    ["", 5353, false],
  ])("is refused where a process has it: at %j, port %d", (hostAddress, port, isTaken) => {
    const range = { first: port, last: port, protocol: "udp" as const, hostAddress };
    const taken = { takenPorts: [{ ...range, by: "the process dnsmasq" }] };
    expect(sentences(plan([served("app", ["h1"])], taken))).toEqual(
      isTaken ? [refused("app", "the process dnsmasq")] : [],
    );
  });

  it("is refused where a container that is not of the plan publishes it", () => {
    const ports = [{ hostPort: 53, protocol: "udp" as const, hostAddress: "" }];
    const dns = { name: "dns", owner: "", application: "", cpus: 0, memoryBytes: 0, ports };
    expect(sentences(plan([served("app", ["h1"])], { others: [dns] }))).toEqual([
      refused("app", "container dns"),
    ]);
  });

  it("is refused where a container of the plan has it, as that can go only when the network is there", () => {
    const ports = [{ hostPort: 53, protocol: "udp" as const, hostAddress: "" }];
    const own = { dns: { networks: {}, cpus: 0, memoryBytes: 0, ports } };
    const requests = [ask("dns", { ports })];
    expect(sentences(plan([served("app", ["h1"])], { own }, requests))).toEqual([
      refused("app", "container dns"),
    ]);
    expect(plan([served("app", ["h1"], 5353)], { own }, requests).refusals).toEqual([]);
  });

  it("keeps containers that publish it from the host", () => {
    const ports = [{ hostPort: 53, protocol: "tcp" as const, hostAddress: "" }];
    const { assignments } = plan([served("app", ["h1"])], {}, [ask("dns", { ports })]);
    expect(assignments["dns"]?.host).toBe("h2");
  });
});
