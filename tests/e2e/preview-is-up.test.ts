import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeLab, withLab, type TestLab } from "../support/lab.js";
import { sayWhichTools, TOOLS, type Tool } from "../support/project.js";
import type { Wanted } from "./support/cloud-program.js";
import { CloudProject, places } from "./support/cloud-project.js";

const HOSTS = ["h1", "h2", "h3"];
const MIB = 2 ** 20;

sayWhichTools();

/** `n` containers with these arguments: c0, c1, ... */
function many(n: number, args: object = {}): Record<string, object> {
  return Object.fromEntries(Array.from({ length: n }, (_, i) => [`c${i}`, args]));
}

/** The host of each container in the order of its name. */
const hostsOf = (containers: Record<string, { host: string }>) =>
  Object.keys(containers)
    .sort()
    .map((name) => containers[name]!.host);

/** Programs, with the hosts that their containers must be shown on where rules leave no choice. */
const PROGRAMS: { what: string; wanted: Wanted; hosts?: string[] }[] = [
  {
    what: "breadthFirst goes round the hosts",
    wanted: { hosts: HOSTS, cloud: { strategies: ["breadthFirst"] }, containers: many(5) },
    hosts: ["h1", "h2", "h3", "h1", "h2"],
  },
  {
    what: "depthFirst fills a host up to its maxContainers",
    wanted: {
      hosts: HOSTS,
      hostArgs: { h1: { maxContainers: 2 } },
      cloud: { strategies: ["depthFirst"], constraints: [{ kind: "maxContainers", max: 3 }] },
      containers: many(6),
    },
    hosts: ["h1", "h1", "h2", "h2", "h2", "h3"],
  },
  {
    what: "leastContainers with reservations that leave little room",
    wanted: {
      hosts: HOSTS,
      hostArgs: { h1: { capacity: { cpus: 2, memory: "100 MiB" } } },
      cloud: { strategies: ["leastContainers"] },
      containers: many(5, { memory: "64 MiB" }),
    },
    hosts: ["h1", "h2", "h3", "h2", "h3"],
  },
  {
    what: "random beside labels, hostname patterns and a pinned host, on two networks",
    wanted: {
      hosts: HOSTS,
      hostArgs: {
        h1: { labels: { zone: "a" } },
        h2: { labels: { zone: "b", ssd: "" } },
        h3: { labels: { zone: "b" } },
      },
      cloud: { strategies: ["random"] },
      networks: ["lan", "back"],
      containers: {
        anywhere: { on: ["lan", "back"] },
        elsewhere: { on: ["back"] },
        labelled: { constraints: ["zone=b", "ssd exists"] },
        pattern: { constraints: [{ kind: "hostname", pattern: "*3" }] },
        pinned: { constraints: [{ kind: "host", host: "h1" }], on: ["back", "lan"] },
      },
    },
  },
];

describeLab.each(TOOLS.map((tool) => ({ tool, with: tool.name })))(
  "what preview shows is what up does, with $with",
  ({ tool }) => {
    const lab = withLab("preview-is-up", { hosts: 3 });
    promises(lab, tool);
    changes(lab, tool);
    laterHosts(lab, tool);
  },
);

function promises(lab: TestLab, tool: Tool): void {
  it("two previews of a stack that has nothing yet are the same", async () => {
    const cloud = await CloudProject.create(lab, "twice", tool);
    try {
      const { wanted } = PROGRAMS.at(-1)!;
      const first = await cloud.mustPreview(wanted);
      expect(Object.keys(first.containers)).toHaveLength(5);
      expect((await cloud.mustPreview(wanted)).containers).toEqual(first.containers);
      expect(await cloud.found()).toEqual({});
    } finally {
      await cloud.project.remove();
    }
  });

  it.each(PROGRAMS)("$what", async ({ wanted, hosts }) => {
    const cloud = await CloudProject.create(lab, "promise", tool);
    try {
      const first = await cloud.mustPreview(wanted);
      const names = Object.keys(wanted.containers).sort();
      expect(Object.keys(first.containers).sort()).toEqual(names);
      for (const { host, addresses, reason } of Object.values(first.containers)) {
        expect(HOSTS).toContain(host);
        expect(reason).not.toBe("");
        for (const address of Object.values(addresses)) expect(address).toMatch(/^10\.\d+\.\d+\./);
      }
      if (hosts) expect(hostsOf(first.containers)).toEqual(hosts);

      await cloud.up(wanted);
      expect(await cloud.state()).toEqual(first.containers);
      expect(places(await cloud.found())).toEqual(places(first.containers));
      await cloud.isDone(wanted);
      const last = await cloud.mustPreview(wanted);
      expect(last.ops).toEqual({});
      expect(last.containers).toEqual(first.containers);
    } finally {
      await cloud.remove();
    }
  });
}

/** One cloud that changes step by step; each test goes on from the one before. */
function changes(lab: TestLab, tool: Tool): void {
  describe("a cloud that changes", () => {
    let cloud: CloudProject;
    let wanted: Wanted = {
      hosts: ["h1", "h2"],
      containers: {
        a: {},
        b: {},
        port: { ports: ["8080:80"] },
        volume: { mounts: [{ volume: "data", target: "/data" }] },
      },
    };

    beforeAll(async () => {
      cloud = await CloudProject.create(lab, "change", tool);
      await cloud.up(wanted);
    });
    afterAll(() => cloud.remove());

    /** Previews and does a change of the program; all containers are where the preview had them. */
    async function change(next: Wanted) {
      wanted = next;
      const before = await cloud.found();
      const preview = await cloud.mustPreview(wanted);
      await cloud.up(wanted);
      const after = await cloud.found();
      expect(places(after)).toEqual(places(preview.containers));
      expect(await cloud.state()).toEqual(preview.containers);
      await cloud.isDone(wanted);
      return { preview, before, after };
    }

    const withContainer = (name: string, args: object): Wanted => ({
      ...wanted,
      containers: { ...wanted.containers, [name]: args },
    });

    it("a further container changes itself, the plan and the network's names", async () => {
      const { preview, before, after } = await change(withContainer("c", {}));
      expect(preview.ops).toEqual({ c: "create", cloud: "update", lan: "update" });
      expect(after).toMatchObject(before);
    });

    it("a further host moves nothing", async () => {
      const { preview, before, after } = await change({ ...wanted, hosts: HOSTS });
      expect(preview.ops).toEqual({ h3: "create", cloud: "update", lan: "update" });
      expect(after).toEqual(before);
    });

    it("fewer and more containers leave the others as they are", async () => {
      const { b: _b, ...fewer } = wanted.containers;
      const down = await change({ ...wanted, containers: fewer });
      expect(down.preview.ops).toEqual({ b: "delete", cloud: "update", lan: "update" });
      const { b: gone, ...rest } = down.before;
      expect(gone).toBeDefined();
      expect(down.after).toEqual(rest);

      const up = await change(withContainer("b", {}));
      expect(up.preview.ops).toEqual({ b: "create", cloud: "update", lan: "update" });
      expect(up.after).toMatchObject(rest);
    });

    it("a container that is replaced starts at another address before the old one goes", async () => {
      const { preview, before, after } = await change(withContainer("a", { env: { NEW: "1" } }));
      expect(preview.ops).toEqual({ a: "replace", cloud: "update", lan: "update" });
      expect(preview.said).toContain("a: replace, start-first (env changes)");
      expect(after["a"]!.host).toBe(before["a"]!.host);
      expect(after["a"]!.addresses).not.toEqual(before["a"]!.addresses);
      expect(after["a"]!.id).not.toBe(before["a"]!.id);
      const { a: _old, ...others } = before;
      expect(after).toMatchObject(others);
    });

    it.each([
      ["port", { ports: ["8080:80"] }, (host: string) => `host port 8080 is published on ${host}`],
      [
        "volume",
        { mounts: [{ volume: "data", target: "/data" }] },
        (host: string) => `volume data on ${host} is written to`,
      ],
    ])("a %s makes it stop first, and the preview says so", async (name, args, why) => {
      const next = withContainer(name, { ...args, env: { NEW: "1" } });
      const { preview, before, after } = await change(next);
      expect(preview.ops[name]).toBe("replace");
      expect(preview.said).toContain(
        `${name}: replace, stop-first: ${why(before[name]!.host)} (env changes)`,
      );
      expect(after[name]!.addresses).toEqual(before[name]!.addresses);
      expect(after[name]!.id).not.toBe(before[name]!.id);
    });

    it("other limits are set on the container that runs", async () => {
      const limits = { env: { NEW: "1" }, memory: "48 MiB", cpus: 0.1 };
      const { preview, before, after } = await change(withContainer("a", limits));
      expect(preview.ops).toEqual({ a: "update", cloud: "update" });
      expect(preview.said).toContain("a: update in place: cpus, memoryBytes");
      expect(after).toEqual(before);
      const inspected = await lab.sh(
        after["a"]!.host,
        ...["docker", "inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}"],
        after["a"]!.id,
      );
      expect(inspected).toBe(`${48 * MIB} 100000000`);
    });

    it("what no host can take fails the preview with every host's reason and touches nothing", async () => {
      const before = await cloud.found();
      const state = await cloud.project.stateText();
      const tooMuch = withContainer("big", { memory: "4 GiB" });
      const preview = await cloud.preview(tooMuch);
      expect(preview.code).toBe(1);
      const sentence = preview.said.find((line) => line.includes("no host for big"));
      expect(sentence).toMatch(
        /no host for big: \d hosts lack 4 GiB of memory \(largest free [\d.]+ GiB on h\d\)$/,
      );
      expect((await cloud.project.up({ env: { WANTED: JSON.stringify(tooMuch) } })).code).toBe(1);
      expect(await cloud.found()).toEqual(before);
      if (tool.name === "clocker") expect(await cloud.project.stateText()).toBe(state);
      await cloud.isDone(wanted);
    });
  });
}

function laterHosts(lab: TestLab, tool: Tool): void {
  it("a host whose address comes out of another resource, or whose Docker is stopped, is placed on after it exists", async () => {
    const wanted: Wanted = {
      hosts: HOSTS,
      made: ["h3"],
      containers: {
        first: { constraints: [{ kind: "host", host: "h1" }] },
        later: {},
        started: { constraints: [{ kind: "host", host: "h2" }] },
        last: { constraints: [{ kind: "host", host: "h3" }] },
      },
    };
    const cloud = await CloudProject.create(lab, "later", tool);
    await lab.sh("h2", "/etc/init.d/docker", "stop");
    try {
      const preview = await cloud.mustPreview(wanted);
      expect(preview.said).toContain(
        "cloud: host h2: Docker is installed but not running; up starts it, and what it takes is decided then",
      );
      expect(preview.containers["first"]?.host).toBe("h1");
      for (const name of ["later", "started", "last"]) {
        expect(preview.containers[name]?.reason).toBe("placed after hosts exist");
      }
      await cloud.up(wanted);
      const found = await cloud.found();
      expect(found["first"]?.host).toBe("h1");
      expect(found["started"]?.host).toBe("h2");
      expect(found["last"]?.host).toBe("h3");
      expect(places(found)).toEqual(places(await cloud.state()));
      await cloud.isDone(wanted);
      const again = await cloud.mustPreview(wanted);
      expect(again.ops).toEqual({});
      expect(places(again.containers)).toEqual(places(found));
    } finally {
      await cloud.remove();
    }
  });
}
