import { ruleText } from "../../../provider/firewall/decide.js";
import { networkViews, rangesOf } from "../net-model.js";
import { portTexts, type CloudState } from "../state.js";

/** What a stack is made of and how it hangs together, by the state alone. */
export interface Topology {
  project: string;
  stack: string;
  networks: TopologyNetwork[];
  hosts: TopologyHost[];
}

export interface TopologyNetwork {
  name: string;
  driver: string;
  /** Its ranges, of both families where it has IPv6. */
  cidr: string;
  mtu: number;
  encrypted: boolean;
  /** Containers may reach the outside. */
  outbound: boolean;
  policy?: { name: string; isolate: string; outside: string; rules: string[] };
}

export interface TopologyHost {
  name: string;
  /** A machine without Docker, on networks by itself. Absent: a host of the cloud. */
  machine?: true;
  /** Where it is reached; absent where the state does not say. */
  address?: string;
  /** Its part of each network, in the order of the networks; of a machine, its address alone. */
  networks: { network: string; block: string }[];
  containers: TopologyContainer[];
}

export interface TopologyContainer {
  name: string;
  application: string;
  image: string;
  /** In attach order. */
  addresses: { network: string; address: string }[];
  /** Published ports: `8080->80/tcp`, and `*:8080->80/tcp` on every host. */
  ports: string[];
}

export function topologyOf(cloud: CloudState): Topology {
  const views = networkViews(cloud);
  const names = new Set([
    ...cloud.hosts.map(({ name }) => name),
    ...views.flatMap(({ hosts }) => hosts.map(({ name }) => name)),
    ...cloud.containers.map(({ state }) => state.place.host),
  ]);
  return {
    project: cloud.project,
    stack: cloud.stack,
    networks: cloud.networks.map((state, index): TopologyNetwork => {
      const { policyName, policy } = views[index]!;
      return {
        ...{ name: state.meta.name, driver: state.driver, cidr: rangesOf(state), mtu: state.mtu },
        encrypted: views[index]!.encrypted,
        outbound: state.outbound,
        ...(policyName === undefined
          ? {}
          : {
              policy: {
                ...{ name: policyName, isolate: policy.isolate, outside: policy.outside },
                rules: policy.rules.map((rule) => ruleText(rule)),
              },
            }),
      };
    }),
    hosts: [...names].map((name) => hostOf(cloud, name)),
  };
}

function hostOf(cloud: CloudState, name: string): TopologyHost {
  const known = cloud.hosts.find((host) => host.name === name);
  const parts = cloud.networks.flatMap(({ hosts }) => hosts.filter((host) => host.name === name));
  const address = known?.state.facts.underlayAddress ?? parts[0]?.underlay;
  const isMachine = !known && parts.some(({ machine }) => machine);
  return {
    name,
    ...(isMachine ? { machine: true as const } : {}),
    ...(address === undefined ? {} : { address }),
    networks: cloud.networks.flatMap(({ meta, hosts }) => {
      const part = hosts.find((host) => host.name === name);
      return part ? [{ network: meta.name, block: part.machine ? part.gateway : part.block }] : [];
    }),
    containers: cloud.containers
      .filter(({ state }) => state.place.host === name)
      .map((container) => {
        const { spec, place } = container.state;
        return {
          ...{ name: container.name, application: spec.application, image: spec.image },
          addresses: place.networks.map(({ network, address: own }) => ({ network, address: own })),
          ports: portTexts(cloud, container),
        };
      }),
  };
}

/** "h1 (192.0.2.1)", "machine db (192.0.2.40)". */
export function hostText({ name, machine, address }: TopologyHost): string {
  const words = machine ? `machine ${name}` : name;
  return address === undefined ? words : `${words} (${address})`;
}

/** "vxlan 10.128.0.0/16, MTU 1450, not encrypted". */
export function networkText({ driver, cidr, mtu, encrypted, outbound }: TopologyNetwork): string {
  const parts = [`${driver} ${cidr}`, `MTU ${mtu}`, encrypted ? "encrypted" : "not encrypted"];
  return [...parts, ...(outbound ? [] : ["no way out"])].join(", ");
}

/** `policy segments: isolates applications, outside open`. */
export function policyText({ policy }: TopologyNetwork): string {
  return policy === undefined
    ? "no policy"
    : `policy ${policy.name}: isolates ${policy.isolate}, outside ${policy.outside}`;
}
