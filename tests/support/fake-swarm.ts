import { randomUUID } from "node:crypto";
import { Refusal, bodyOf, type Answer, type Call } from "./fake-dockerd/protocol.js";
import type { FakeHosts } from "./fake-transport.js";

interface FakeNode {
  id: string;
  host: string;
  role: "manager" | "worker";
  labels: Record<string, string>;
}

/** A swarm in memory. Nodes stay listed when their daemon leaves, as Docker's do. */
export class FakeSwarm {
  labels: Record<string, string> = {};
  services: object[] = [];
  readonly nodes: FakeNode[] = [];

  constructor(
    readonly id: string,
    private readonly members: Map<string, { swarm: FakeSwarm; node: string }>,
  ) {}

  get managers(): FakeNode[] {
    return this.nodes.filter(({ role }) => role === "manager");
  }

  isIn(node: FakeNode): boolean {
    return this.members.get(node.host)?.node === node.id;
  }

  get hasMajority(): boolean {
    const there = this.managers.filter((node) => this.isIn(node));
    return there.length * 2 > this.managers.length;
  }

  /** Hosts that are in it, managers with a star. */
  toString(): string {
    const there = this.nodes.filter((node) => this.isIn(node));
    return there.map(({ host, role }) => (role === "manager" ? `${host}*` : host)).join(" ");
  }
}

/** Swarms of fake hosts, whose daemons answer for them with Docker's own sentences. Host `h3` is at 192.0.2.3. */
export class FakeSwarms {
  /** Swarm requests that changed something, in order. */
  readonly log: string[] = [];
  /** These daemons do not answer for the swarm, as when it chooses a leader. */
  readonly silent = new Set<string>();
  readonly members = new Map<string, { swarm: FakeSwarm; node: string }>();

  constructor(fakes: FakeHosts, ...names: string[]) {
    for (const name of names)
      fakes.host(name).docker.swarm = {
        info: () => this.info(name),
        answer: (call) => this.answer(name, call),
      };
  }

  /** A swarm that is there already; the first hosts with a star are its managers. */
  existing(...hosts: string[]): FakeSwarm {
    const swarm = new FakeSwarm(`cluster-${randomUUID()}`, this.members);
    for (const host of hosts)
      this.enter(swarm, host.replace("*", ""), host.endsWith("*") ? "manager" : "worker");
    return swarm;
  }

  of(host: string): FakeSwarm | undefined {
    return this.members.get(host)?.swarm;
  }

  enter(swarm: FakeSwarm, host: string, role: FakeNode["role"]): void {
    const id = `node-${randomUUID()}`;
    swarm.nodes.push({ id, host, role, labels: {} });
    this.members.set(host, { swarm, node: id });
  }

  private info(host: string): object {
    const member = this.members.get(host);
    if (!member)
      return { NodeID: "", LocalNodeState: "inactive", ControlAvailable: false, Error: "" };
    const { swarm, node } = member;
    const manages = swarm.managers.some(({ id }) => id === node);
    const isLed = swarm.hasMajority && !this.silent.has(host);
    return {
      NodeID: node,
      LocalNodeState: "active",
      ControlAvailable: manages,
      Error: "",
      RemoteManagers: swarm.managers.map(({ id, host: at }) => ({
        NodeID: id,
        Addr: `${addressOf(at)}:2377`,
      })),
      // without a leader Docker does not leave the cluster out: it gives an empty one
      ...(manages
        ? {
            Cluster: isLed
              ? { ID: swarm.id, Spec: { Labels: swarm.labels } }
              : { ID: "", Spec: { Labels: null } },
          }
        : {}),
    };
  }

  private answer(host: string, call: Call): Answer {
    const { method, query } = call;
    const [kind, id = "", verb = ""] = call.path;
    if (kind === "swarm" && id === "init") return this.init(host, bodyOf(call));
    if (kind === "swarm" && id === "join") return this.join(host, bodyOf(call));
    if (kind === "swarm" && id === "leave") return this.leave(host, query.get("force") === "true");
    if (!["swarm", "nodes", "services", "secrets", "configs"].includes(kind ?? ""))
      return "unknown";
    const swarm = this.asked(host);
    if (kind === "swarm")
      return { JoinTokens: { Worker: `worker ${swarm.id}`, Manager: `manager ${swarm.id}` } };
    if (kind !== "nodes") return kind === "services" ? swarm.services : [];
    if (method === "GET") return swarm.nodes.map((node) => describe(swarm, node));
    const node = swarm.nodes.find((one) => one.id === id);
    if (!node) throw new Refusal(404, `node ${id} not found`);
    if (verb === "update") {
      const { Role, Labels } = bodyOf<{
        Role: FakeNode["role"];
        Labels: Record<string, string>;
      }>(call);
      node.labels = Labels;
      if (Role === node.role) return {};
      if (Role === "worker" && swarm.managers.length === 1)
        throw new Refusal(412, "attempting to demote the last manager of the swarm");
      this.log.push(`${node.host} ${Role}`);
      node.role = Role;
      return {};
    }
    this.log.push(`${node.host} forgotten`);
    swarm.nodes.splice(swarm.nodes.indexOf(node), 1);
    return {};
  }

  private asked(host: string): FakeSwarm {
    const member = this.members.get(host);
    if (!member) throw new Refusal(503, "This node is not part of a swarm");
    const { swarm, node } = member;
    if (!swarm.managers.some(({ id }) => id === node))
      throw new Refusal(503, "This node is not a swarm manager. Worker nodes can't be used");
    if (!swarm.hasMajority || this.silent.has(host))
      throw new Refusal(503, "rpc error: code = Unknown desc = The swarm does not have a leader.");
    return swarm;
  }

  private init(host: string, body: unknown): Answer {
    this.log.push(`${host} init`);
    const swarm = this.existing(`${host}*`);
    swarm.labels = (body as { Spec: { Labels?: Record<string, string> } }).Spec.Labels ?? {};
    return {};
  }

  private join(host: string, body: unknown): Answer {
    const { JoinToken } = body as { JoinToken: string };
    const [role = "", cluster = ""] = JoinToken.split(" ");
    const swarm = [...this.members.values()].find((member) => member.swarm.id === cluster)?.swarm;
    if (!swarm) throw new Refusal(503, "no such swarm");
    this.log.push(`${host} joins as ${role}`);
    this.enter(swarm, host, role === "manager" ? "manager" : "worker");
    return {};
  }

  private leave(host: string, force: boolean): Answer {
    const member = this.members.get(host);
    if (!member) throw new Refusal(503, "This node is not part of a swarm");
    const manages = member.swarm.managers.some(({ id }) => id === member.node);
    if (manages && !force)
      throw new Refusal(503, "You are attempting to leave the swarm on a manager");
    this.log.push(`${host} leaves${manages ? " by force" : ""}`);
    this.members.delete(host);
    return {};
  }
}

function describe(swarm: FakeSwarm, node: FakeNode): object {
  const { id, host, role, labels } = node;
  const state = swarm.isIn(node) ? "ready" : "down";
  return {
    ID: id,
    Version: { Index: 1 },
    Spec: { Role: role, Availability: "active", Labels: labels },
    Status: { State: state, Addr: addressOf(host) },
    ...(role === "manager"
      ? {
          ManagerStatus: {
            Reachability: state === "ready" ? "reachable" : "unreachable",
            Addr: `${addressOf(host)}:2377`,
          },
        }
      : {}),
  };
}

function addressOf(host: string): string {
  return `192.0.2.${host.slice(1)}`;
}
