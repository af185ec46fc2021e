import { describe, expect, it } from "vitest";
import type { PlanInput } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { ask, GiB, host, hostsOf, input, MiB, other, replicas, sentences } from "./make.js";

const small = { memoryBytes: 300 * MiB };
const web = { hostPort: 8080, protocol: "tcp" as const, hostAddress: "" };

const cases: [name: string, plan: Partial<PlanInput>, sentence: string][] = [
  [
    "memory and a label, the most frequent first",
    {
      candidates: [
        host("h1", { labels: { zone: "eu" }, memoryBytes: 200 * MiB }),
        host("h2", { labels: { zone: "eu" }, ...small }),
        host("h3"),
      ],
      requests: [
        ask("web-3", {
          memoryBytes: 512 * MiB,
          constraints: [{ kind: "label", expression: "zone=eu" }],
        }),
      ],
    },
    "no host for web-3: 2 hosts lack 512 MiB of memory (largest free 300 MiB on h2), 1 host lacks label zone=eu",
  ],
  [
    "two hosts not ready before one that is too small",
    {
      candidates: [
        host("h1", small),
        host("h2", { notReady: "cannot be reached: timed out after 10 s" }),
        host("h3", { notReady: "cannot be reached: connection refused" }),
      ],
      requests: [ask("web", { memoryBytes: GiB })],
    },
    "no host for web: 2 hosts are not ready (h2 cannot be reached: timed out after 10 s and h3 cannot be reached: connection refused), 1 host lacks 1 GiB of memory (largest free 300 MiB on h1)",
  ],
  [
    "cpu, headroom counted",
    {
      candidates: [host("h1", { cpus: 2, headroom: { cpus: 1.5, memoryBytes: 0 } })],
      requests: [ask("web", { cpus: 1 })],
    },
    "no host for web: 1 host lacks 1 cpu (most free 0.5 cpus on h1)",
  ],
  [
    "a host port",
    {
      candidates: [host("h1"), host("h2")],
      requests: replicas("web", 3, { ports: [web] }),
    },
    "no host for web-2: 2 hosts have port 8080/tcp in use (by web-0 on h1 and by web-1 on h2)",
  ],
  [
    "a host port of a foreign container",
    {
      candidates: [host("h1", { others: [other("nginx", { ports: [web] })] })],
      requests: [ask("web", { ports: [{ ...web, hostAddress: "10.0.0.1" }] })],
    },
    "no host for web: 1 host has port 10.0.0.1:8080/tcp in use (by nginx on h1)",
  ],
  [
    "at most one on a host",
    {
      candidates: [host("h1", { maxContainers: 1 }), host("h2", { maxContainers: 1 })],
      requests: replicas("web", 3),
    },
    "no host for web-2: 2 hosts run their limit of 1 container",
  ],
  [
    "a hostname",
    {
      candidates: [host("h1")],
      requests: [ask("web", { constraints: [{ kind: "hostname", pattern: "web-*" }] })],
    },
    "no host for web: 1 host does not match hostname web-*",
  ],
  [
    "a host that is not in the cloud",
    {
      candidates: [host("h1"), host("h2")],
      requests: [ask("web", { constraints: [{ kind: "host", host: "h9" }] })],
    },
    "no host for web: 2 hosts are not h9, to which it is pinned",
  ],
  [
    "a volume on a full host",
    {
      candidates: [host("h1", { volumes: ["data"], ...small }), host("h2")],
      requests: [ask("db", { memoryBytes: GiB, volumes: ["data"] })],
    },
    "no host for db: 1 host does not hold volume data, which is on h1, 1 host lacks 1 GiB of memory (largest free 300 MiB on h1)",
  ],
  ["no hosts at all", { requests: [ask("web")] }, "no host for web: the cloud has no hosts"],
  [
    "an expression that cannot be read",
    {
      candidates: [host("h1")],
      requests: [ask("web", { constraints: [{ kind: "label", expression: "zone % eu" }] })],
    },
    'no host for web: label expression "zone % eu": unknown operator "%" at character 6; use =, !=, in (a,b), notin (a,b), contains (a,b), exists, !exists, >, >=, <, <=, ~, !~ or version',
  ],
  [
    "a label that a host must not have",
    {
      candidates: [host("h1", { labels: { spot: "yes" } })],
      requests: [ask("db", { constraints: [{ kind: "label", expression: "spot !exists" }] })],
    },
    "no host for db: 1 host has label spot",
  ],
];

describe("a refusal is one sentence", () => {
  it.each(cases)("for %s", (_name, plan, sentence) => {
    expect(sentences(planAll(input(plan)))).toEqual([sentence]);
  });

  it("and a list with each host's own reason", () => {
    const [, plan] = cases[0] ?? ["", {}];
    expect(planAll(input(plan)).refusals[0]?.hosts).toEqual([
      { host: "h1", reason: "lacks 512 MiB of memory (200 MiB free, 312 MiB short)" },
      { host: "h2", reason: "lacks 512 MiB of memory (300 MiB free, 212 MiB short)" },
      { host: "h3", reason: "lacks label zone=eu" },
    ]);
  });

  it("that a big host takes back", () => {
    const [, plan] = cases[1] ?? ["", {}];
    const candidates = [...(plan.candidates ?? []), host("h4")];
    expect(hostsOf(planAll(input({ ...plan, candidates })))).toEqual({ web: "h4" });
  });
});

describe("host ports", () => {
  it("of different addresses or protocols do not meet", () => {
    const plan = input({
      candidates: [host("h1")],
      requests: [
        ask("a", { ports: [{ ...web, hostAddress: "10.0.0.1" }] }),
        ask("b", { ports: [{ ...web, hostAddress: "10.0.0.2" }] }),
        ask("c", { ports: [{ ...web, protocol: "udp" }] }),
      ],
    });
    expect(hostsOf(planAll(plan))).toEqual({ a: "h1", b: "h1", c: "h1" });
  });

  it("are not handed to another request while their holder is still there", () => {
    const plan = input({
      candidates: [host("h1", { own: { old: { networks: {}, ports: [web] } } })],
      requests: [ask("old"), ask("new", { ports: [web] })],
    });
    expect(sentences(planAll(plan))).toEqual([
      "no host for new: 1 host has port 8080/tcp in use (by old on h1)",
    ]);
  });
});
