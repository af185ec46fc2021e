import type { PolicyResource, StackValidationArgs } from "@pulumi/policy";
import { describe, expect, it } from "vitest";
import type { HostConnection } from "../../../provider/host/connection.js";
import type { Assignment, PlacementRequest } from "../../../provider/placement/model.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import {
  plansIn,
  survival,
  survivesHostLoss,
  whatIf,
  why,
  whyNot,
} from "../../../sdk/policies/index.js";
import { ask, assigned, GiB } from "../placement/make.js";

const TYPE = "pulumi-nodejs:dynamic/clocker:";
const access = (name: string) => ({ kind: "ssh", name, address: name }) as HostConnection;

/** As a policy pack sees it: a host of 2 cpus and 2 GiB that says nothing of its capacity. */
const hostOf = (name: string): PolicyResource =>
  ({
    type: `${TYPE}DockerHost`,
    name,
    props: {
      access: access(name),
      labels: {},
      facts: { cpus: 2, memoryBytes: 2 * GiB, arch: "x86_64" },
    },
  }) as unknown as PolicyResource;

const planOf = (
  hosts: string[],
  placed: [PlacementRequest, host: string][],
  over: object = {},
): PolicyResource =>
  ({
    type: `${TYPE}Placement`,
    name: "cloud",
    props: {
      meta: { project: "shop", stack: "dev", name: "cloud", urn: "urn" },
      cloud: "cloud",
      hosts: hosts.map((name) => ({
        name,
        connection: access(name),
        labels: {},
        capacity: {},
        headroom: { cpus: 0, memoryBytes: 0 },
      })),
      constraints: [],
      strategies: [{ kind: "breadthFirst" }],
      pool: { cidr: "10.128.0.0/9", networkPrefix: 16 },
      networks: [],
      requests: placed.map(([request]) => request),
      observeTimeout: 10,
      earlier: { assignments: {}, networks: {}, requests: [] },
      assignments: Object.fromEntries(
        placed.map(([{ name }, host]): [string, Assignment] => [name, assigned(host)]),
      ),
      allocations: {},
      ...over,
    },
  }) as unknown as PolicyResource;

const TWO = [hostOf("h1"), hostOf("h2")];
const web = (number: number, cpus: number) => ask(`web-${number}`, { cpus });

describe("plans in the resources of a stack", () => {
  const [plan, ...more] = plansIn([
    ...TWO,
    planOf(
      ["h1", "h2"],
      [
        [web(0, 1), "h1"],
        [web(1, 0.5), "h2"],
      ],
    ),
    { type: "aws:s3/bucket:Bucket", name: "b", props: {} } as unknown as PolicyResource,
  ]);

  it("are as the state has them, on hosts as they were found", () => {
    expect(more).toEqual([]);
    expect(plan?.cloud).toBe("cloud");
    expect(plan?.input.candidates).toMatchObject([
      { name: "h1", cpus: 2, memoryBytes: 2 * GiB, platform: { os: "linux", arch: "x86_64" } },
      { name: "h2" },
    ]);
    expect(plan?.result.assignments).toEqual({ "web-0": assigned("h1"), "web-1": assigned("h2") });
  });

  it("answer why, why not, what if, and what can be lost", () => {
    expect(why(plan!, "web-0")?.sentence).toBe("web-0 is on h1: as before");
    expect(whyNot(plan!, "web-0", "h2")).toBe(
      "web-0 is not on h2: accepts it, but h1 comes first: breadth first: 0 web here, 1 on h2",
    );
    expect(whyNot(plan!, "web-0", "h9")).toBe("h9 is not a host of the cloud");
    expect(whyNot(plan!, "nobody", "h1")).toBe("nobody is not a container of the plan");
    expect(whatIf(plan!, "scale web to 4").added).toHaveLength(2);
    expect(whatIf(plan!, [{ kind: "drainHost", host: "h2" }]).moves).toMatchObject([
      { name: "web-1", from: "h2", to: "h1", cause: "drain" },
    ]);
    expect(() => whatIf(plan!, "remove h9")).toThrow(
      'what if "remove h9": h9 is not a host of the cloud',
    );
    expect(() => whatIf(plan!, "explode")).toThrow(/^what if "explode": this is no change; write /);
    expect(survival(plan!).sentence).toBe("the cloud survives the loss of any one host");
  });

  it("leave hosts that do not exist yet pending, and plans that nothing has decided out", () => {
    const coming = plansIn([planOf(["h3"], [])]);
    expect(coming[0]?.input.candidates).toMatchObject([{ name: "h3", pending: true }]);
    expect(plansIn([planOf(["h1"], [], { assignments: undefined })])).toEqual([]);
    const unknown = planOf(["h1"], [[web(0, 1), UNKNOWN]]);
    expect(plansIn([hostOf("h1"), unknown])[0]?.result.assignments).toMatchObject({
      "web-0": { host: "h1" },
    });
  });
});

describe("survives host loss", () => {
  function said(resources: PolicyResource[], config = {}): string[] {
    const lines: string[] = [];
    const args = { resources, getConfig: () => config } as unknown as StackValidationArgs;
    void survivesHostLoss.validateStack(args, (line) => lines.push(line));
    return lines;
  }

  it("says which host cannot be lost, and what would have no place", () => {
    const fits = planOf(
      ["h1", "h2"],
      [
        [web(0, 1), "h1"],
        [web(1, 1), "h2"],
      ],
    );
    expect(said([...TWO, fits])).toEqual([]);
    const full = planOf(
      ["h1", "h2"],
      [
        [web(0, 1), "h1"],
        [web(1, 1), "h1"],
        [web(2, 1.5), "h2"],
      ],
    );
    expect(said([...TWO, full])).toEqual([
      "cloud cloud does not survive the loss of h1: no host for web-0: 1 host lacks 1 cpu (most free 0.5 cpus on h2) and 1 more",
      "cloud cloud does not survive the loss of h2: no host for web-2: 1 host lacks 1.5 cpus (most free 0 cpus on h1)",
    ]);
  });

  it("counts data that would be lost only where that is asked for", () => {
    const resources = [...TWO, planOf(["h1", "h2"], [[ask("db", { volumes: ["data"] }), "h1"]])];
    expect(said(resources)).toEqual([]);
    expect(said(resources, { data: "count" })).toEqual([
      "cloud cloud does not survive the loss of h1: db would be lost: its volume data is on h1",
    ]);
    const folder = [...TWO, planOf(["h1", "h2"], [[ask("db", { folders: ["/srv/db"] }), "h1"]])];
    expect(said(folder)).toEqual([]);
    expect(said(folder, { data: "count" })).toEqual([
      "cloud cloud does not survive the loss of h1: db would be lost: its folder /srv/db is on h1",
    ]);
  });

  it("leaves out clouds of one host, which nobody expects to survive it", () => {
    expect(said([hostOf("h1"), planOf(["h1"], [[web(0, 1), "h1"]])])).toEqual([]);
  });
});
