import { cp, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeLab, IMAGE_CACHE, withLab } from "../support/lab.js";
import { Project, ROOT, sayWhichTools, TOOLS } from "../support/project.js";
import { buildErlangImage } from "./support/erlang-image.js";
import { openPorts } from "./support/open-ports.js";

const EXAMPLE = join(ROOT, "examples/erlang");
const STORE = 8087;
const HTTP = 8098;
const EPMD = 4369;
const SSH = 22;
const HOSTS = ["h1", "h2", "h3"];
const OUTSIDE = "h4";
const NODES = ["node-0", "node-1", "node-2"].map((name) => `ring@${name}.ring.clocker`);

interface Status {
  node: string;
  nodes: string[];
  distribution: number;
  partitions: number[];
}

interface Place {
  host: string;
  networks: { address: string }[];
}

sayWhichTools();

const EACH = TOOLS.map((tool) => ({ tool, with: tool.name }));

/** The example as it is: a node on each of three hosts, and a fourth machine that is not of the cloud. */
describeLab.each(EACH)("examples/erlang, with $with", ({ tool }) => {
  const lab = withLab("erlang", { hosts: 4, bare: [OUTSIDE], image: false });
  let project: Project;

  beforeAll(async () => {
    await lab.loadImage(await buildErlangImage(join(EXAMPLE, "app"), IMAGE_CACHE));
    project = await Project.create("erlang", "", {}, tool);
    await cp(join(EXAMPLE, "index.ts"), join(project.folder, "index.ts"));
    const inventory = join(project.folder, "inventory.json");
    const hosts = lab.hosts.filter(({ name }) => HOSTS.includes(name));
    await writeFile(inventory, JSON.stringify({ ...lab.inventory, hosts }));
    for (const value of [
      ["inventory", inventory],
      ["--secret", "cookie", "for-this-test-only"],
    ])
      await project.must(["config", "set", ...value, "--stack", "dev"]);
    await project.must(["up", "--yes", "--skip-preview", "--stack", "dev"]);
  });
  afterAll(() => project?.remove());

  const ask = async <T>(host: string, path: string): Promise<T> =>
    (await (await fetch(`http://${lab.host(host).address}:${HTTP}${path}`)).json()) as T;

  const status = (host: string): Promise<Status> => ask(host, "/status");

  /** What the store says to some lines. */
  async function store(host: string, ...lines: string[]): Promise<string[]> {
    const socket = connect(STORE, lab.host(host).address);
    socket.end(lines.map((line) => `${line}\n`).join(""));
    return (await text(socket)).trimEnd().split("\n");
  }

  it("has a node on each host, and all find each other by their long names", async () => {
    for (const host of HOSTS)
      await expect.poll(async () => (await status(host)).nodes, { timeout: 20_000 }).toEqual(NODES);
    const nodes = await Promise.all(HOSTS.map(async (host) => (await status(host)).node));
    expect(nodes.sort()).toEqual(NODES);
  });

  it("passes a message around the ring, and keeps a key for all on one node", async () => {
    const { node } = await status("h2");
    const others = NODES.filter((other) => other !== node);
    expect(await ask("h2", "/ring")).toEqual({ passed: [node, ...others] });

    const keys = ["red", "green", "blue", "black"];
    const kept = await Promise.all(keys.map((key) => store("h1", `put ${key} ${key}-is-kept`)));
    expect(new Set(kept.flat()).size).toBeGreaterThan(1); // on more than one node
    expect(await store("h3", ...keys.map((key) => `get ${key}`), "get white")).toEqual([
      ...keys.map((key) => `${key}-is-kept`),
      "nothing",
    ]);
  });

  it("opens a thousand ports on each node, and each node reaches all of all the others", async () => {
    const ports = (await Promise.all(HOSTS.map(status))).map(({ partitions }) => partitions);
    expect(ports.map((of) => new Set(of).size)).toEqual([1000, 1000, 1000]);
    const all = await Promise.all(HOSTS.map((host) => ask<object>(host, "/reach")));
    for (const reached of all) expect(Object.values(reached)).toEqual([1000, 1000]);
  });

  it("is reached from outside at the two published ports of each host, and nowhere else", async () => {
    // All ports of one host, and of each host those that the nodes use.
    const every = Array.from({ length: 65_535 }, (_, index) => index + 1);
    expect(await openPorts(lab, OUTSIDE, lab.host("h1").address, every)).toEqual([
      ...[SSH, STORE, HTTP],
    ]);
    for (const host of HOSTS) {
      const { distribution, partitions } = await status(host);
      const used = [EPMD, distribution, ...partitions];
      expect(await openPorts(lab, OUTSIDE, lab.host(host).address, [...used, HTTP])).toEqual([
        HTTP,
      ]);
    }
  });

  it("keeps out a neighbour of the hosts that has a route into the network", async () => {
    const { cidr } = (await project.byType("VirtualNetwork"))["ring"]!.outputs as { cidr: string };
    for (const host of HOSTS) {
      await lab.sh(OUTSIDE, "ip", "route", "replace", cidr, "via", lab.host(host).address);
      const { distribution, partitions } = await status(host);
      const { networks } = Object.values(await project.byType("PlacedContainer"))
        .map(({ inputs }) => inputs!["place"] as Place)
        .find((place) => place.host === host)!;
      const { address } = networks[0]!;
      expect(await lab.sh(OUTSIDE, "ip", "route", "get", address)).toContain(
        ` via ${lab.host(host).address} `,
      );
      const used = [EPMD, distribution, ...partitions];
      expect(await openPorts(lab, OUTSIDE, address, [...used, HTTP])).toEqual([]);
    }
  });
});
