import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { ContainerPlace } from "../../../provider/resources/placed-container/inputs.js";
import type { PlacedContainerInputs } from "../../../provider/resources/placed-container/inputs.js";
import type { PlacementInputs } from "../../../provider/resources/placement/inputs.js";
import type { Lifecycle } from "../../../provider/lifecycle.js";
import { networkIngressLifecycle } from "../../../provider/resources/network-ingress/lifecycle.js";
import { networkNamesLifecycle } from "../../../provider/resources/network-names/lifecycle.js";
import { networkPolicyLifecycle } from "../../../provider/resources/network-policy/lifecycle.js";
import { virtualNetworkLifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import type { CloudExport } from "../../../sdk/cloud-args.js";
import { stuckSentence } from "../../../sdk/stuck.js";

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

let registered: Registered[] = [];

/** An engine that places everything on h1 and gives it the address of its turn. */
function mock(args: pulumi.runtime.MockResourceArgs) {
  registered.push({
    type: args.type,
    name: args.name,
    inputs: args.inputs as Record<string, unknown>,
  });
  const state = { ...(args.inputs as Record<string, unknown>) };
  if (args.type.endsWith(":Placement")) {
    const { requests, networks } = args.inputs as PlacementInputs;
    state.assignments = Object.fromEntries(
      requests.map((request, index) => [
        request.name,
        {
          host: "h1",
          addresses: Object.fromEntries(
            request.networks.map(({ network }) => [network, `10.128.1.${index + 2}`]),
          ),
          score: 0,
          reason: "only host",
          revision: request.revision,
        },
      ]),
    );
    const here = new Set(networks.map(({ name }) => name));
    const asked = requests.flatMap((request) => request.networks.map(({ network }) => network));
    state.names = Object.fromEntries(
      asked
        .filter((network) => !here.has(network))
        .map((network) => [
          network,
          Object.fromEntries(requests.map(({ name }, index) => [name, [`10.128.1.${index + 2}`]])),
        ]),
    );
    state.allocations = Object.fromEntries(
      networks.map(({ name, ipv6 }) => [
        name,
        {
          cidr: "10.128.0.0/16",
          ...(ipv6 === true ? { cidr6: "fd00:128::/64" } : {}),
          driver: "vxlan",
          vni: 7,
          mtu: 1450,
          hosts: { h1: { block: "10.128.1.0/24", gateway: "10.128.1.1", underlay: "10.0.0.1" } },
          records: {},
        },
      ]),
    );
  }
  return { id: `${args.name}-id`, state };
}

const plans = () => registered.filter(({ type }) => type.endsWith(":Placement"));
const requestsOf = (plan: Registered | undefined) =>
  (plan?.inputs as unknown as PlacementInputs).requests;
const containers = () => registered.filter(({ type }) => type.endsWith(":PlacedContainer"));

/** Waits until everything registered has its outputs. */
async function settle(...outputs: pulumi.Output<unknown>[]) {
  await Promise.all(
    outputs.map((output) => new Promise<void>((resolve) => output.apply(() => resolve()))),
  );
}

/** Waits until a resource of this type is registered, however busy the machine is. */
async function registeredAs(type: string) {
  const isThere = () => registered.some((each) => each.type.endsWith(`:${type}`));
  await expect.poll(isThere, { timeout: 10_000 }).toBe(true);
}

async function program() {
  const sdk = await import("../../../sdk/index.js");
  const host = new sdk.DockerHost("h1", { address: "10.0.0.1", hostKey: "SHA256:x" });
  const cloud = new sdk.DockerCloud("cloud", { hosts: [host] });
  const network = new sdk.VirtualNetwork("lan", { cloud });
  return { sdk, cloud, network };
}

beforeEach(() => {
  registered = [];
});

beforeAll(async () => {
  await pulumi.runtime.setMocks({ newResource: mock, call: () => ({}) }, "project", "dev", false);
});

describe("the plan of a cloud", () => {
  it("is one resource that holds every request in program order", async () => {
    const { sdk, cloud, network } = await program();
    const made = ["c", "a", "b"].map(
      (name) => new sdk.PlacedContainer(name, { cloud, networks: [network], image: "busybox" }),
    );
    await settle(...made.map(({ status, host }) => pulumi.all([status, host])));
    expect(plans().map(({ name }) => name)).toEqual(["cloud"]);
    expect(requestsOf(plans()[0]).map(({ name }) => name)).toEqual(["c", "a", "b"]);
  });

  it.each([
    [undefined, { applications: ["shop", "blog"], limits: { shop: 1, blog: 10 } }],
    [true, { limits: { shop: 1, blog: 10 } }],
    [{ maxMoves: 3 }, { maxMoves: 3, limits: { shop: 1, blog: 10 } }],
  ])(
    "keeps each application's limit of a rebalancing beside the cloud's: %j",
    async (own, asked) => {
      const { sdk } = await program();
      const host = new sdk.DockerHost("h1", { address: "10.0.0.1", hostKey: "SHA256:x" });
      const cloud = new sdk.DockerCloud("moving", {
        hosts: [host],
        ...(own === undefined ? {} : { rebalance: own }),
      });
      const services = { web: { image: "busybox" } };
      new sdk.Blueprint("shop", { cloud, services, rebalance: { maxMoves: 1 } });
      const blog = new sdk.Blueprint("blog", { cloud, services, rebalance: true });
      await settle(blog.endpoints);
      const plan = plans().find(({ name }) => name === "moving");
      expect((plan?.inputs as unknown as PlacementInputs).rebalance).toEqual(asked);
    },
  );

  it("gives containers the names that Docker is to answer for, and has their replacements stop first", async () => {
    const { sdk, cloud, network } = await program();
    const docker = new sdk.VirtualNetwork("own", { cloud, driver: "swarm", names: "docker" });
    const weave = new sdk.WeaveNetwork("web", { cloud, names: "weave" });
    const onAll = [{ network: docker, aliases: ["Cache", "c"] }, weave, network];
    const made = new sdk.PlacedContainer("c", { cloud, networks: onAll, image: "b:1" });
    const plain = new sdk.PlacedContainer("d", { cloud, networks: [network], image: "b:1" });
    await settle(made.status, plain.status);
    const inputsOf = (name: string) => registered.find((each) => each.name === name)!.inputs;
    expect(inputsOf("own")).toMatchObject({ names: "docker", domain: "own.clocker" });
    expect(inputsOf("web")).toMatchObject({ names: "weave", domain: "web.weave.local" });
    expect(inputsOf("lan")).not.toHaveProperty("names");
    const { place } = inputsOf("c") as unknown as PlacedContainerInputs;
    expect(
      place.networks.map(({ gateway, names, aliases }) => ({ gateway, names, aliases })),
    ).toEqual([
      {
        gateway: "",
        names: "docker",
        aliases: ["c", "cache", "c.own.clocker", "cache.own.clocker"],
      },
      { gateway: "10.128.1.1", names: "weave", aliases: undefined },
      { gateway: "10.128.1.1", names: undefined, aliases: undefined },
    ]);
    expect(requestsOf(plans()[0]).map(({ stopFirst }) => stopFirst)).toEqual([true, false]);
  });

  it("gives containers the IPv6 address that goes with their planned one, and policies both ranges", async () => {
    const { sdk, cloud, network } = await program();
    const dual = new sdk.VirtualNetwork("dual", { cloud, ipv6: true });
    const made = new sdk.PlacedContainer("c", { cloud, networks: [dual, network], image: "b:1" });
    const rules = [{ from: dual, to: "all" as const }];
    const policy = new sdk.NetworkPolicy("families", { network, outside: "closed", allow: rules });
    await settle(made.status, policy.members);
    const inputsOf = (name: string) => registered.find((each) => each.name === name)!.inputs;
    expect(plans()[0]?.inputs).toMatchObject({
      networks: [{ name: "lan" }, { name: "dual", ipv6: true }],
    });
    expect(inputsOf("dual")).toMatchObject({ cidr6: "fd00:128::/64" });
    expect(inputsOf("lan")).not.toHaveProperty("cidr6");
    const { place } = inputsOf("c") as unknown as PlacedContainerInputs;
    expect(place.networks).toMatchObject([
      { network: "dual", address: "10.128.1.2", address6: "fd00:128::102" },
      { network: "lan", address: "10.128.1.2" },
    ]);
    expect(place.networks[1]).not.toHaveProperty("address6");
    expect(inputsOf("families")).toMatchObject({
      rules: [
        { from: { cidr: "10.128.0.0/16" }, to: "all" },
        { from: { cidr: "fd00:128::/64" }, to: "all" },
      ],
    });
  });

  it("refuses a CIDR that comes from what the same plan decides, before anything waits for it", async () => {
    const { sdk, cloud, network } = await program();
    const cidr = network.cidr.apply(() => "10.99.0.0/16");
    expect(() => new sdk.VirtualNetwork("peer", { cloud, cidr })).toThrow(
      "VirtualNetwork peer: cidr comes from lan, which the same plan decides: give it as a plain value, or await an output of that network first",
    );
    await settle(network.cidr);
    const peer = new sdk.VirtualNetwork("peer", { cloud, cidr });
    await settle(peer.cidr);
    expect(plans().map(({ name }) => name)).toEqual(["cloud", "cloud-2"]);
  });

  it("says which resources wait when a program has ended without their answers", () => {
    expect(stuckSentence(["Placement cloud"])).toBe(
      "the program has ended, but Placement cloud still waits for a value, so nothing is deleted: a cloud's plan cannot " +
        "wait for what it decides itself. Take the value from something else, or make what needs it after an await of " +
        "what it needs",
    );
    expect(stuckSentence(["a", "b", "c", "d", "e", "f", "g", "h"])).toContain(
      "but a, b, c, d, e, f and 2 more still wait for",
    );
  });

  it("opens a further plan for requests after a wait, which is given the earlier decisions", async () => {
    const { sdk, cloud, network } = await program();
    const first = new sdk.PlacedContainer("first", {
      cloud,
      networks: [network],
      image: "busybox",
    });
    await settle(first.host);
    const second = new sdk.PlacedContainer("second", {
      cloud,
      networks: [network],
      image: "busybox",
    });
    await settle(second.host, second.status);
    expect(plans().map(({ name }) => name)).toEqual(["cloud", "cloud-2"]);
    const { earlier } = plans()[1]!.inputs as unknown as PlacementInputs;
    expect(Object.keys(earlier.assignments)).toEqual(["first"]);
    expect(earlier.requests.map(({ name }) => name)).toEqual(["first"]);
  });

  it("names what a further plan puts on an earlier network by one resource for both", async () => {
    const { sdk, cloud, network } = await program();
    const make = (name: string, networks = [network]) =>
      new sdk.PlacedContainer(name, { cloud, networks, image: "busybox" });
    await settle(make("first").host);
    const own = new sdk.VirtualNetwork("own", { cloud });
    const late = ["a", "b"].map((name) => make(name, [own, network]));
    await settle(...late.map(({ host, status }) => pulumi.all([host, status])));
    const names = registered.filter(({ type }) => type.endsWith(":NetworkNames"));
    expect(names.map(({ name }) => name)).toEqual(["cloud-2:lan"]);
    expect(names[0]!.inputs).toMatchObject({
      network: "lan",
      networkId: "lan",
      driver: "vxlan",
      vni: 7,
      cidr: "10.128.0.0/16",
      domain: "lan.clocker",
      plan: "cloud-2",
      hosts: [{ name: "h1", block: "10.128.1.0/24" }],
      records: { a: ["10.128.1.2"], b: ["10.128.1.3"] },
    });
    expect(names[0]!.inputs["__provider"]).toBe(
      'exports.handler=()=>require("pulumi-clocker/provider").networkNames',
    );
  });

  it("leaves a host that the plan has not seen yet out of networks and of what they keep", async () => {
    const sdk = await import("../../../sdk/index.js");
    const hosts = ["h1", "h3"].map(
      (name) => new sdk.DockerHost(name, { address: `10.0.0.${name[1]}`, hostKey: "SHA256:x" }),
    );
    const cloud = new sdk.DockerCloud("far", { hosts });
    const network = new sdk.VirtualNetwork("far-lan", { cloud });
    new sdk.NetworkPolicy("far-policy", { network });
    const make = (name: string, ports: { container: number; host: number; mode: "ingress" }[]) =>
      new sdk.PlacedContainer(name, { cloud, networks: [network], image: "busybox", ports });
    await settle(make("far-web", [{ container: 80, host: 80, mode: "ingress" }]).status);
    await settle(make("far-late", []).status);
    const ingress = () => registered.some(({ type }) => type.endsWith(":NetworkIngress"));
    await vi.waitFor(() => expect(ingress()).toBe(true), 10_000);
    const members = async <Inputs extends { hosts: { name: string }[] }>(
      type: string,
      { check }: Pick<Lifecycle<Inputs, never>, "check">,
    ) => {
      const found = registered.find(
        (each) => each.type.endsWith(`:${type}`) && each.name.includes("far"),
      );
      const { inputs, failures } = await check({}, found?.inputs as never);
      expect(failures).toEqual([]);
      return inputs?.hosts.map(({ name }) => name);
    };
    expect(await members("VirtualNetwork", virtualNetworkLifecycle)).toEqual(["h1"]);
    expect(await members("NetworkPolicy", networkPolicyLifecycle)).toEqual(["h1"]);
    expect(await members("NetworkNames", networkNamesLifecycle)).toEqual(["h1"]);
    expect(await members("NetworkIngress", networkIngressLifecycle)).toEqual(["h1"]);
  });

  it("a policy knows the containers made before and after it, and a network takes one", async () => {
    const { sdk, cloud, network } = await program();
    const make = (name: string, application: string) =>
      new sdk.PlacedContainer(name, { cloud, networks: [network], image: "busybox", application });
    const first = make("first", "shop");
    const policy = new sdk.NetworkPolicy("segments", {
      network,
      allow: [{ from: { application: "shop" }, to: network, ports: [80] }],
      outside: "closed",
    });
    const second = make("second", "data");
    await settle(policy.members, first.host, second.host);
    const made = registered.find(({ type }) => type.endsWith(":NetworkPolicy"));
    expect(made?.inputs).toMatchObject({
      ...{ network: "lan", driver: "vxlan", vni: 7, cidr: "10.128.0.0/16" },
      ...{ isolate: "applications", outside: "closed" },
      hosts: [{ name: "h1", block: "10.128.1.0/24", gateway: "10.128.1.1" }],
      rules: [{ from: { application: "shop" }, to: { cidr: "10.128.0.0/16" }, ports: ["80"] }],
      members: [
        { name: "first", application: "shop", service: "first", host: "h1", address: "10.128.1.2" },
        {
          name: "second",
          application: "data",
          service: "second",
          host: "h1",
          address: "10.128.1.3",
        },
      ],
    });
    expect(() => new sdk.NetworkPolicy("more", { network })).toThrow(
      "NetworkPolicy more: network lan has the policy segments already: put the rules into that one",
    );
  });

  it("does not wait for itself when a container uses another one's planned address", async () => {
    const { sdk, cloud } = await program();
    const app = new sdk.Blueprint("app", {
      cloud,
      services: {
        db: { image: "busybox" },
        web: (use) => ({
          image: "busybox",
          env: { DB: use("db").addresses.apply((all) => all[0]!) },
        }),
      },
    });
    await settle(...app.nodes.services.web!.map(({ host, status }) => pulumi.all([host, status])));
    const web = containers().find(({ name }) => name === "app-web");
    expect((web?.inputs.spec as { env: Record<string, string> }).env).toEqual({ DB: "10.128.1.2" });
  });

  it("changes a container's revision with its image and with a secret, and shows neither", async () => {
    const { sdk, cloud, network } = await program();
    const make = (name: string, image: string, password: string) =>
      new sdk.PlacedContainer(name, {
        cloud,
        networks: [network],
        image,
        secrets: { password: pulumi.secret(password) },
      });
    const made = [
      make("a", "busybox:1", "x"),
      make("b", "busybox:1", "y"),
      make("c", "busybox:2", "x"),
    ];
    await settle(...made.map(({ host }) => host));
    const revisions = requestsOf(plans()[0]).map(({ revision }) => revision);
    expect(new Set(revisions).size).toBe(3);
    expect(JSON.stringify(plans())).not.toContain("canary-");
  });

  it("refuses two requests of one name", async () => {
    const { sdk, cloud, network } = await program();
    const args = { cloud, networks: [network], image: "busybox" };
    const first = new sdk.PlacedContainer("twice", args);
    expect(() => new sdk.PlacedContainer("twice", args)).toThrow(
      "container twice is requested twice from the cloud cloud: names are unique within a cloud and stack",
    );
    await settle(first.host);
  });
});

describe("what a container's place says of its host", () => {
  it("is the tightest maxContainers of host, cloud and container; the cloud's goes to other stacks too", async () => {
    const sdk = await import("../../../sdk/index.js");
    const host = new sdk.DockerHost("h1", {
      address: "10.0.0.1",
      hostKey: "SHA256:x",
      maxContainers: 9,
    });
    const cloud = new sdk.DockerCloud("cloud", {
      hosts: [host],
      constraints: [sdk.constraint.maxContainers(5), { kind: "maxContainers", max: 7 }],
    });
    const network = new sdk.VirtualNetwork("lan", { cloud });
    const make = (name: string, max?: number) =>
      new sdk.PlacedContainer(name, {
        ...{ cloud, networks: [network], image: "busybox" },
        ...(max === undefined ? {} : { constraints: [sdk.constraint.maxContainers(max)] }),
      });
    await settle(...[make("any"), make("few", 2), make("many", 8)].map(({ status }) => status));
    const limits = containers().map(({ name, inputs: { place } }) => [
      name,
      (place as ContainerPlace).capacity?.maxContainers,
    ]);
    expect(Object.fromEntries(limits)).toMatchObject({ any: 5, few: 2, many: 5 });
    const exported = await new Promise<CloudExport>((resolve) => cloud.export().apply(resolve));
    expect(exported.hosts.map(({ maxContainers }) => maxContainers)).toEqual([5]);
  });
});

describe("folders of the host", () => {
  it("are data unless they are read-only", async () => {
    const { sdk, cloud, network } = await program();
    const mounts = [
      { bind: "/srv/./data/", target: "/data" },
      { bind: "/srv/pages", target: "/pages", readOnly: true },
      { volume: "v", target: "/v" },
    ];
    const web = { cloud, networks: [network], image: "busybox" };
    const made = [
      new sdk.PlacedContainer("db", { ...web, mounts }),
      new sdk.PlacedContainer("web", { ...web, mounts: mounts.slice(1) }),
    ];
    await settle(...made.map(({ status }) => status));
    const [db, pages] = requestsOf(plans()[0]);
    expect(db).toMatchObject({ folders: ["/srv/data"], volumes: ["v"], stopFirst: true });
    expect(pages).not.toHaveProperty("folders");
  });
});

describe("applications that share a network", () => {
  const policies = () => registered.filter(({ type }) => type.endsWith(":NetworkPolicy"));

  async function shared(isolate: "applications" | "none" | undefined, applications: string[]) {
    const sdk = await import("../../../sdk/index.js");
    const host = new sdk.DockerHost("h1", { address: "10.0.0.1", hostKey: "SHA256:x" });
    const cloud = new sdk.DockerCloud("cloud", { hosts: [host], ...(isolate ? { isolate } : {}) });
    const network = new sdk.VirtualNetwork("lan", { cloud });
    const made = applications.map(
      (application, index) =>
        new sdk.PlacedContainer(`c${index}`, {
          ...{ cloud, application, networks: [network], image: "busybox" },
        }),
    );
    await settle(...made.map(({ status }) => status));
    const parted = isolate === "applications" && new Set(applications).size > 1;
    if (parted) await registeredAs("NetworkPolicy");
    else await new Promise((resolve) => setTimeout(resolve, 20));
    return { sdk, network };
  }

  /** A container of each, named like its application; the policy is made when the program waits. */
  async function shopAndData() {
    const sdk = await import("../../../sdk/index.js");
    const host = new sdk.DockerHost("h1", { address: "10.0.0.1", hostKey: "SHA256:x" });
    const cloud = new sdk.DockerCloud("cloud", { hosts: [host], isolate: "applications" });
    const network = new sdk.VirtualNetwork("lan", { cloud });
    const container = (application: string) =>
      new sdk.PlacedContainer(application, {
        ...{ cloud, application, networks: [network], image: "busybox" },
      });
    const made = [container("shop"), container("data")];
    return { sdk, network, container, made };
  }

  it("are kept apart where the cloud says so, by a policy that knows them all", async () => {
    await shared("applications", ["shop", "data", "shop"]);
    expect(
      policies().map(({ name, inputs }) => [name, inputs["isolate"], inputs["outside"]]),
    ).toEqual([["lan-applications", "applications", "open"]]);
    const names = registered.map(({ name }) => name);
    for (const container of ["c0", "c1", "c2"])
      expect(names.indexOf(container), `${container} waits for it`).toBeGreaterThan(
        names.indexOf("lan-applications"),
      );
    expect(policies()[0]!.inputs["members"]).toMatchObject([
      { name: "c0", application: "shop" },
      { name: "c1", application: "data" },
      { name: "c2", application: "shop" },
    ]);
  });

  it.each<["applications" | "none" | undefined, string[]]>([
    ["applications", ["shop", "shop"]],
    ["none", ["shop", "data"]],
    [undefined, ["shop", "data"]],
  ])("have no policy that nobody asked for (%s, %s)", async (isolate, applications) => {
    await shared(isolate, applications);
    expect(policies()).toEqual([]);
  });

  it("are known to their policy by what the program asks for before it waits, on a slow machine too", async () => {
    const { container, made } = await shopAndData();
    // What the program waits for is there as soon as anybody looks.
    const late = new Promise<ReturnType<typeof container>>((resolve) => {
      setImmediate(() => {
        setTimeout(() => resolve(container("late")), 1);
        const end = performance.now() + 5;
        while (performance.now() < end);
      });
    });
    await settle(...[...made, await late].map(({ status }) => status));
    await registeredAs("NetworkPolicy");
    const members = policies()[0]!.inputs["members"] as { name: string }[];
    expect(members.map(({ name }) => name)).toEqual(["shop", "data"]);
  });

  it("have the program's own policy, if it is made before the program waits", async () => {
    const { sdk, network, made } = await shopAndData();
    new sdk.NetworkPolicy("own", { network, isolate: "none" });
    await settle(...made.map(({ status }) => status));
    await registeredAs("NetworkPolicy");
    expect(policies().map(({ name }) => name)).toEqual(["own"]);
  });

  it("have no other one after it", async () => {
    const { sdk, network } = await shared("applications", ["shop", "data"]);
    expect(() => new sdk.NetworkPolicy("late", { network })).toThrow(
      "NetworkPolicy late: network lan has the policy lan-applications already: the cloud keeps applications apart (isolate). Make the policy before the program waits for anything",
    );
  });
});

describe("ports that are open on every host", () => {
  it("are one resource of the network and its plan, which knows who answers and waits for them", async () => {
    const { sdk, cloud } = await program();
    const port = { container: 80, host: 8080, mode: "ingress" as const };
    const app = new sdk.Blueprint("app", {
      cloud,
      services: { web: { image: "web", count: 2, ports: [port, 81] }, db: { image: "db" } },
    });
    new sdk.NetworkPolicy("segments", { network: app.nodes.network });
    const endpoints = await new Promise((resolve) => app.endpoints.apply(resolve));
    await settle(...app.nodes.services["web"]!.map(({ status }) => status));
    await registeredAs("NetworkIngress");
    await registeredAs("NetworkPolicy");
    const [opened, ...more] = registered.filter(({ type }) => type.endsWith(":NetworkIngress"));
    expect(more).toEqual([]);
    expect([opened?.name, opened?.inputs["plan"]]).toEqual(["cloud:app", "cloud"]);
    const target = (container: string, last: number) => ({
      ...{ container, host: "h1", address: `10.128.1.${last}`, port: 80 },
    });
    expect(opened?.inputs["ports"]).toEqual([
      {
        ...{ hostPort: 8080, protocol: "tcp" },
        targets: [target("app-web-0", 2), target("app-web-1", 3)],
      },
    ]);
    expect(registered.indexOf(opened!)).toBeGreaterThan(
      registered.findIndex(({ name }) => name === "app-web-1"),
    );
    expect(requestsOf(plans()[0]).map(({ ports, ingress }) => [ports, ingress])).toEqual([
      [[], [{ hostPort: 8080, protocol: "tcp" }]],
      [[], [{ hostPort: 8080, protocol: "tcp" }]],
      [[], undefined],
    ]);
    expect(endpoints).toMatchObject([
      { container: "app-web-0", address: "10.0.0.1:8080", containerPort: 80 },
      { container: "app-web-1", address: "10.0.0.1:8080", containerPort: 80 },
    ]);
    const policy = registered.find(
      ({ type, name }) => type.endsWith(":NetworkPolicy") && name === "segments",
    );
    expect(
      (policy?.inputs["members"] as { name: string; ingress?: boolean }[]).map(
        ({ name, ingress }) => [name, ingress],
      ),
    ).toEqual([
      ["app-web-0", true],
      ["app-web-1", true],
      ["app-db", undefined],
    ]);
  });
});

describe("a blueprint", () => {
  it("makes a service's containers after those it depends on and names them on the network", async () => {
    const { sdk, cloud } = await program();
    const app = new sdk.Blueprint("app", {
      cloud,
      services: {
        web: { image: "web", count: 2, dependsOn: ["db"], ports: ["8080:80"] },
        db: { image: "db", aliases: ["database"] },
      },
    });
    await settle(app.endpoints);
    expect(
      requestsOf(plans()[0]).map(({ name, networks }) => [name, networks[0]!.aliases]),
    ).toEqual([
      ["app-db", ["db", "database"]],
      ["app-web-0", ["web-0", "web"]],
      ["app-web-1", ["web-1", "web"]],
    ]);
    const endpoints = await new Promise((resolve) => app.endpoints.apply(resolve));
    expect(endpoints).toMatchObject([
      {
        service: "web",
        container: "app-web-0",
        host: "h1",
        address: "10.0.0.1:8080",
        containerPort: 80,
      },
      {
        service: "web",
        container: "app-web-1",
        host: "h1",
        address: "10.0.0.1:8080",
        containerPort: 80,
      },
    ]);
  });

  it("says which services depend on each other in a circle", async () => {
    const { sdk, cloud } = await program();
    expect(
      () =>
        new sdk.Blueprint("app", {
          cloud,
          services: { a: { image: "a", dependsOn: ["b"] }, b: { image: "b", dependsOn: ["a"] } },
        }),
    ).toThrow("Blueprint app: services depend on each other in a circle: a -> b -> a");
  });

  it("names the services there are when one is unknown", async () => {
    const { sdk, cloud } = await program();
    expect(
      () => new sdk.Blueprint("app", { cloud, services: { a: { image: "a", dependsOn: ["z"] } } }),
    ).toThrow('Blueprint app: services.a depends on "z", which is none of a');
  });
});

describe("arguments", () => {
  it("reads ports as Docker writes them", async () => {
    const { sdk, cloud, network } = await program();
    const container = new sdk.PlacedContainer("c", {
      cloud,
      networks: [network],
      image: "busybox",
      ports: [80, "8080:80", "127.0.0.1:5353:53/udp", { container: 9, host: 10 }],
    });
    await settle(container.host, container.status);
    expect((containers()[0]!.inputs.spec as { ports: unknown[] }).ports).toEqual([
      { containerPort: 80, hostPort: 0, protocol: "tcp", hostAddress: "" },
      { containerPort: 80, hostPort: 8080, protocol: "tcp", hostAddress: "" },
      { containerPort: 53, hostPort: 5353, protocol: "udp", hostAddress: "127.0.0.1" },
      { containerPort: 9, hostPort: 10, protocol: "tcp", hostAddress: "" },
    ]);
  });

  it.each([
    [
      "ports",
      { ports: ["80x"] },
      'PlacedContainer c: ports[0]: "80x" is not a port; write "80", "8080:80", "8000-8010:8000-8010" or "127.0.0.1:8080:80/tcp"',
    ],
    [
      "memory",
      { memory: "much" },
      'PlacedContainer c: memory: not an amount; write for example "512 MiB"',
    ],
  ])("refuses a malformed value of %s by name", async (_property, extra, sentence) => {
    const { sdk, cloud, network } = await program();
    expect(
      () =>
        new sdk.PlacedContainer("c", { cloud, networks: [network], image: "busybox", ...extra }),
    ).toThrow(sentence);
  });

  it("keeps the provider's text constant and short", async () => {
    await program();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const host = registered.find(({ name }) => name === "h1");
    expect(host?.inputs.__provider).toBe(
      'exports.handler=()=>require("pulumi-clocker/provider").dockerHost',
    );
  });
});
