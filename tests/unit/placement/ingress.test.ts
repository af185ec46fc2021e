import { describe, expect, it } from "vitest";
import type { PlanInput } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { after, ask, host, hostsOf, input, on, other, replicas, sentences } from "./make.js";

const open = [{ hostPort: 8080, protocol: "tcp" as const }];
const published = [{ hostPort: 8080, protocol: "tcp" as const, hostAddress: "" }];
const other8080 = [{ hostPort: 8080, protocol: "udp" as const, hostAddress: "192.0.2.7" }];
const span = (first: number, last: number, by: string) => ({
  ...{ first, last, protocol: "tcp" as const, hostAddress: "", by },
});
const hosts = ["h1", "h2", "h3"].map((name) => host(name));
const shop = { application: "shop", type: "web", ingress: open };

const plan = (given: Partial<PlanInput>) => planAll(input({ candidates: hosts, ...given }));

describe("a port that is open on every host", () => {
  it("is shared by the containers of one service, and takes no host from them", () => {
    const result = plan({ requests: replicas("web", 5, shop) });
    expect(result.refusals).toEqual([]);
    expect(Object.keys(hostsOf(result))).toHaveLength(5);
  });

  it.each<[string, Partial<PlanInput>, string[]]>([
    [
      "another service",
      { requests: [ask("a", shop), ask("b", { ...shop, type: "api" })] },
      ["no host for b: port 8080/tcp is open on every host for web of shop already"],
    ],
    [
      "a container that publishes it on its host",
      { requests: [ask("a", shop), ask("b", { ports: published })] },
      [
        "no host for b: 3 hosts have port 8080/tcp in use (by web of shop on h1, by web of shop on h2 and by web of shop on h3)",
      ],
    ],
    [
      "a container that is there already, on the host that is named",
      {
        candidates: [hosts[0]!, host("h2", { others: [other("nginx", { ports: published })] })],
        requests: [ask("a", shop)],
      },
      ["no host for a: port 8080/tcp cannot be open on every host: it is in use by nginx on h2"],
    ],
    [
      "whoever has it without a container",
      {
        candidates: [
          hosts[0]!,
          host("h2", { takenPorts: [span(8000, 8999, "the process nginx")] }),
          host("h3", { takenPorts: [span(8080, 8080, "network other/dev/cloud:app")] }),
        ],
        requests: [ask("a", shop)],
      },
      [
        "no host for a: port 8080/tcp cannot be open on every host: it is in use by the process nginx on h2 and by network other/dev/cloud:app on h3",
      ],
    ],
    [
      "a container that publishes it where somebody has it",
      {
        candidates: [host("h2", { takenPorts: [span(8000, 8999, "the process nginx")] })],
        requests: [ask("b", { ports: published }), ask("c", { ports: other8080 })],
      },
      ["no host for b: 1 host has port 8080/tcp in use (by the process nginx on h2)"],
    ],
    [
      "a service of an earlier plan",
      {
        given: { assignments: {}, networks: {}, requests: [ask("a", shop)] },
        requests: [ask("b", { ...shop, application: "", type: "b" })],
      },
      ["no host for b: port 8080/tcp is open on every host for web of shop already"],
    ],
  ])("is refused to %s", (_what, given, expected) => {
    expect(sentences(plan(given))).toEqual(expected);
  });

  it("is another port by another protocol", () => {
    const udp = [{ hostPort: 8080, protocol: "udp" as const }];
    const requests = [ask("a", shop), ask("b", { type: "dns", ingress: udp })];
    expect(plan({ requests }).refusals).toEqual([]);
  });

  it("once open stays where it was, whoever has taken the port since, and is asked for on hosts that come", () => {
    const web = ask("a", { ...shop, networks: [on("app")] });
    const networks = [{ name: "app", blockPrefix: 24, reserved: [] }];
    const before = input({ candidates: hosts, requests: [web], networks });
    const first = after(before, planAll(before));
    const again = { ...first, previous: { ...first.previous, ingress: ["8080/tcp"] } };
    const taken = (name: string) => host(name, { others: [other("nginx", { ports: published })] });
    expect(planAll({ ...again, candidates: [hosts[0]!, taken("h2"), hosts[2]!] }).refusals).toEqual(
      [],
    );
    expect(sentences(planAll({ ...again, candidates: [...hosts, taken("h4")] }))).toEqual([
      "no host for a: port 8080/tcp cannot be open on every host: it is in use by nginx on h4",
    ]);
  });

  it("that is new is asked for on hosts that the network has already", () => {
    const web = ask("a", { type: "web", application: "", networks: [on("app")] });
    const networks = [{ name: "app", blockPrefix: 24, reserved: [] }];
    const before = input({ candidates: hosts, requests: [web], networks });
    const again = after(before, planAll(before));
    const nginx = host("h2", { others: [other("nginx", { ports: published })] });
    const requests = [{ ...web, ingress: open }];
    expect(sentences(planAll({ ...again, candidates: [hosts[0]!, nginx], requests }))).toEqual([
      "no host for a: port 8080/tcp cannot be open on every host: it is in use by nginx on h2",
    ]);
    const more = [...requests, ask("b", { ports: published })];
    expect(sentences(planAll({ ...again, requests: more }))).toEqual([
      "no host for b: 3 hosts have port 8080/tcp in use (by web on h1, by web on h2 and by web on h3)",
    ]);
  });

  it("is of one network: that of all the service's containers", () => {
    const networks = ["app", "lan"].map((name) => ({ name, blockPrefix: 24, reserved: [] }));
    const requests = [
      ask("a", { ...shop, networks: [on("app")] }),
      ask("b", { ...shop, networks: [on("lan"), on("app")] }),
    ];
    expect(sentences(plan({ networks, requests }))).toEqual([
      "no host for b: port 8080/tcp is open on every host over network app, and lan is the first of its networks",
    ]);
  });
});
