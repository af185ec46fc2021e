import { deciding, type Decision } from "../../provider/firewall/decide.js";
import type { PolicyMember } from "../../provider/firewall/model.js";
import { CloudError } from "../../provider/errors.js";
import { carrierOf } from "./net-border.js";
import { carried, foreign, type Step } from "./net-carriage.js";
import { addressOfHost, endOf, isMember, type End, type Member, type Of } from "./net-ends.js";
import { bothFamilies, networkViews, rangesOf, type NetworkView } from "./net-model.js";
import type { CloudState } from "./state.js";

/** A way from one end to the other, by the state alone. */
export interface Path {
  from: string;
  to: string;
  /** The network that it leads over; absent where there is none. */
  network?: string;
  /** "partly": some ports. "unknown": rules that are not ours decide. */
  verdict: "open" | "partly" | "blocked" | "unknown";
  steps: Step[];
  /** What a probe connects to; absent where nothing can be. */
  target?: { address: string; ports: number[] };
}

/** Every way between two ends: one for each network that they share, or by way of a published port. Pure. */
export function pathsBetween(cloud: CloudState, a: string, b: string): Path[] {
  const [from, to] = [endOf(cloud, a), endOf(cloud, b)];
  if (from.name === to.name)
    throw new CloudError("invalid-input", `${from.name} is both ends: name two different ones`);
  const tracer = new Tracer(cloud);
  if (isMember(from) && isMember(to)) return tracer.between(from, to);
  if (to.kind === "container") {
    return from.kind === "host" ? tracer.fromHost(from, to) : [tracer.entering(from, to)];
  }
  if (from.kind === "container" && to.kind === "host") return tracer.toHost(from, to);
  if (from.kind === "container" && to.kind !== "machine") return [tracer.leaving(from, to)];
  return [
    {
      ...{ from: from.name, to: to.name, verdict: "unknown" },
      steps: [
        {
          at: from.name,
          what: "no network of the stack is in between: it is a matter of the hosts",
        },
      ],
    },
  ];
}

class Tracer {
  private readonly views: NetworkView[];

  constructor(private readonly cloud: CloudState) {
    this.views = networkViews(cloud);
  }

  between(from: Member, to: Member): Path[] {
    const shared = this.views.filter(
      (view) => memberOf(view, from.name) && memberOf(view, to.name),
    );
    if (shared.length === 0) {
      if (from.kind === "container" && to.kind === "container") return [this.byThePort(from, to)];
      const what = `shares no network with ${to.name}: the way to or from a machine is not ours`;
      const ends = { from: from.name, to: to.name, verdict: "unknown" as const };
      return [{ ...ends, steps: [{ at: from.name, what }] }];
    }
    return shared.map((view) => this.within(view, from, to));
  }

  private within(view: NetworkView, from: Member, to: Member): Path {
    const [source, target] = [memberOf(view, from.name)!, memberOf(view, to.name)!];
    const decision = deciding(view.policy, source, target);
    return {
      ...{ from: from.name, to: to.name, network: view.network, verdict: decision.verdict },
      steps: [
        this.interfaceOf(view, source),
        this.nameOf(view, source, target),
        ...carried(view, source.host, target.host),
        ...judged(view, target.machine ? source.host : target.host, decision),
        { at: to.name, what: `${target.address} answers` },
      ],
      target: { address: target.address, ports: portsIn(decision) },
    };
  }

  /** They share no network: the packet leaves one and enters the other as one from outside. */
  private byThePort(from: Of<"container">, to: Of<"container">): Path {
    const out = this.leaving(from, {
      kind: "host",
      name: to.host,
      address: addressOfHost(this.cloud, to.host) ?? to.host,
    });
    const into = this.entering({ kind: "outside", name: from.name }, to, this.sourceOf(from, to));
    const parted = {
      at: from.name,
      what: `shares no network with ${to.name}: only a published port leads there`,
    };
    const blocked = [out, into].some(({ verdict }) => verdict === "blocked");
    return {
      ...into,
      from: from.name,
      verdict: blocked ? "blocked" : into.verdict,
      steps: [parted, ...out.steps, ...(out.verdict === "blocked" ? [] : into.steps)],
    };
  }

  /** What asks a port of another host has an address of its own host by then; a port on every host is asked on one's own. */
  private sourceOf(from: Of<"container">, to: Of<"container">): string | undefined {
    const border = this.entered(to.name)?.border;
    const entries = border?.kind === "published" ? (border.entries[to.name] ?? []) : [];
    if (from.host !== to.host && !entries.some(({ at }) => at === "every host"))
      return addressOfHost(this.cloud, from.host);
    const view = this.carrier(from.name);
    return view && memberOf(view, from.name)?.address;
  }

  /** `source`: the address that it comes with, where that is known. */
  entering(from: End, to: Of<"container">, source?: string): Path {
    const view = this.entered(to.name) ?? this.carrier(to.name);
    const ends = { from: from.name, to: to.name };
    if (!view)
      return {
        ...ends,
        verdict: "blocked",
        steps: [{ at: to.host, what: `${to.name} is on no network` }],
      };
    const target = memberOf(view, to.name)!;
    const over = { ...ends, network: view.network };
    if (view.border.kind === "foreign")
      return { ...over, verdict: "unknown", steps: [foreign(view, to.host)] };
    const decision = deciding(view.policy, "outside", target, source);
    if (view.border.kind === "link") {
      return {
        ...over,
        verdict: decision.verdict,
        steps: [
          { at: to.host, what: `no firewall: ${target.address} is a machine of the hosts' link` },
        ],
        target: { address: target.address, ports: portsIn(decision) },
      };
    }
    const entries = view.border.entries[to.name] ?? [];
    const { ports } = this.cloud.containers.find(({ name }) => name === to.name)!.state.spec;
    if (entries.length === 0) {
      const what = ports.some(({ hostPort }) => hostPort > 0)
        ? `${to.name} publishes no port that leads over ${view.network} from outside`
        : `${to.name} publishes no port`;
      return { ...over, verdict: "blocked", steps: [{ at: to.host, what }] };
    }
    const open = entries.filter((entry) => allows(decision, entry));
    return {
      ...over,
      verdict: open.length === 0 ? "blocked" : open.length < entries.length ? "partly" : "open",
      steps: [
        ...entries.map((entry) => ({
          at: to.host,
          what: `${entry.at}:${entry.hostPort} is translated to ${target.address}:${entry.port}/${entry.protocol}`,
        })),
        ...judged(view, to.host, decision),
        ...(open.length === 0 ? [] : [{ at: to.name, what: `${target.address} answers` }]),
      ],
      target: {
        address: addressOfHost(this.cloud, to.host) ?? to.host,
        ports: open.filter(({ protocol }) => protocol === "tcp").map(({ hostPort }) => hostPort),
      },
    };
  }

  leaving(from: Of<"container">, to: Of<"host"> | Of<"outside">): Path {
    const view = this.carrier(from.name);
    const ends = { from: from.name, to: to.name };
    if (!view)
      return {
        ...ends,
        verdict: "blocked",
        steps: [{ at: from.host, what: `${from.name} is on no network` }],
      };
    const source = memberOf(view, from.name)!;
    const over = { ...ends, network: view.network };
    const first = this.interfaceOf(view, source);
    if (view.border.kind === "foreign")
      return { ...over, verdict: "unknown", steps: [first, foreign(view, from.host)] };
    const decision = deciding(view.policy, source, "outside");
    const target =
      to.kind === "host" ? { target: { address: to.address, ports: portsIn(decision) } } : {};
    if (view.border.kind === "link")
      return {
        ...over,
        verdict: decision.verdict,
        steps: [first, { at: from.host, what: "leaves by the hosts' link, past the firewall" }],
        ...target,
      };
    if (!view.border.outbound)
      return {
        ...over,
        verdict: "blocked",
        steps: [
          first,
          { at: from.host, what: `network ${view.network} has no way out (outbound: false)` },
        ],
      };
    return {
      ...over,
      verdict: decision.verdict,
      steps: [
        first,
        ...judged(view, from.host, decision),
        { at: from.host, what: "leaves with an address of the host (masquerade)" },
      ],
      ...target,
    };
  }

  /** At all addresses of the container's own host; of another one, by the way out and at its address on the network. */
  toHost(from: Of<"container">, to: Of<"host">): Path[] {
    const view = this.carrier(from.name);
    if (!view || view.border.kind !== "published") return [this.leaving(from, to)];
    if (to.name === from.host) return [this.toServices(view, from, to, to.address)];
    const gateway = view.hosts.find(({ name }) => name === to.name)?.gateway;
    if (gateway === undefined) return [this.leaving(from, to)];
    return [this.leaving(from, to), this.toServices(view, from, to, gateway)];
  }

  /**
   * It does not leave: `outbound` is not about the services of a host itself. To a policy they are the outside; rules are about what
   * containers ask of their own host, and of others at the addresses outside the network.
   */
  private toServices(
    view: NetworkView,
    from: Of<"container">,
    to: Of<"host">,
    address: string,
  ): Path {
    const source = memberOf(view, from.name)!;
    const isOwn = to.name === from.host;
    const decision = deciding(
      isOwn ? view.policy : { ...view.policy, rules: [] },
      source,
      "outside",
    );
    const ends = { from: from.name, to: to.name, network: view.network };
    const way = [
      this.interfaceOf(view, source),
      ...(isOwn ? [] : carried(view, from.host, to.name)),
    ];
    const { verdict } = decision;
    const target = { address, ports: portsIn(decision) };
    if (verdict !== "open")
      return { ...ends, verdict, steps: [...way, ...judged(view, to.name, decision)], target };
    return {
      ...{ ...ends, verdict },
      steps: [
        ...way,
        {
          at: to.name,
          what: `${isOwn ? "" : `${address} on ${view.network} `}answers itself: its own services are a matter of its own firewall`,
        },
      ],
      target,
    };
  }

  fromHost(from: Of<"host">, to: Of<"container">): Path[] {
    const views = this.views.filter(
      (view) => memberOf(view, to.name) && view.hosts.some(({ name }) => name === from.name),
    );
    if (views.length === 0) return [this.entering(from, to)];
    return views.map((view) => {
      const target = memberOf(view, to.name)!;
      const gateway = view.hosts.find(({ name }) => name === from.name)!.gateway;
      return {
        ...{ from: from.name, to: to.name, network: view.network, verdict: "open" },
        steps: [
          {
            at: from.name,
            what: `asks as ${gateway}, its own address on ${view.network}; hosts reach all containers`,
          },
          ...carried(view, from.name, target.host),
          { at: to.name, what: `${target.address} answers` },
        ],
        target: { address: target.address, ports: [] },
      };
    });
  }

  private interfaceOf(view: NetworkView, { name, address, host }: PolicyMember): Step {
    return {
      at: name,
      what: `${bothFamilies(view, address)} on ${view.network} (${view.driver}, ${rangesOf(view)}), MTU ${view.mtu}, on host ${host}`,
    };
  }

  private nameOf(view: NetworkView, { host, machine }: PolicyMember, target: PolicyMember): Step {
    const names = Object.entries(view.records).flatMap(([name, addresses]) =>
      addresses.includes(target.address) ? [`${name}.${view.domain}`] : [],
    );
    const gateway = view.hosts.find(({ name }) => name === host)?.gateway;
    const server = machine ? "/etc/hosts" : answererOf(view, gateway);
    return names.length === 0
      ? { at: host, what: `no name on ${view.network} stands for ${target.address}` }
      : {
          at: host,
          what: `${names.sort().join(", ")} is ${bothFamilies(view, target.address)}, by ${server}`,
        };
  }

  /** The network over which a container is reached by a published port. */
  private entered(name: string): NetworkView | undefined {
    return this.views.find(
      ({ border }) => border.kind === "published" && (border.entries[name] ?? []).length > 0,
    );
  }

  /** The network over which Docker publishes a container's ports and sends what is for no network. */
  private carrier(name: string): NetworkView | undefined {
    const { place } = this.cloud.containers.find((each) => each.name === name)!.state;
    const network = carrierOf(this.cloud, place);
    return this.views.find((view) => view.network === network);
  }
}

/** Of a machine, the policy knows more. */
const memberOf = (
  { members, machines, policy }: NetworkView,
  name: string,
): PolicyMember | undefined =>
  members.find((member) => member.name === name) ??
  policy.members.find((member) => member.machine && member.name === name) ??
  machines.find((member) => member.name === name);

function judged(view: NetworkView, host: string, decision: Decision): Step[] {
  if (view.policyName === undefined) return [];
  return [{ at: host, what: `policy ${view.policyName}: ${decision.why}` }];
}

function allows({ verdict, ports }: Decision, entry: { port: number; protocol: string }): boolean {
  if (verdict === "open") return true;
  return ports.some(
    ({ protocol, first, last }) =>
      protocol === entry.protocol && first <= entry.port && entry.port <= last,
  );
}

/** TCP ports that a decision names, the first of each range; none where all are the same. */
function portsIn({ ports }: Decision): number[] {
  return ports.flatMap(({ protocol, first }) => (protocol === "tcp" ? [first] : []));
}

/** Who answers a container that asks for a name. */
function answererOf({ names }: NetworkView, gateway = "of the network"): string {
  if (names === "docker") return "Docker's own resolver";
  return names === "weave" ? `weaveDNS at ${gateway}` : `the name server ${gateway}`;
}
