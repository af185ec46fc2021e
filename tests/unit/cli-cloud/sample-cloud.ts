import type { CloudState } from "../../../cli/cloud/state.js";
import type { PolicyRule } from "../../../provider/firewall/model.js";

/** Parts of a stack's state that the commands on networks read, as short as a test wants to say them. */
export interface SampleNetwork {
  name: string;
  driver?: string;
  driverOptions?: Record<string, unknown>;
  /** Second byte of its addresses: `10.<net>.0.0/16`. @default 128 */
  net?: number;
  cidr6?: string;
  names?: "docker" | "weave";
  outbound?: boolean;
  hosts?: string[];
  /** Machines without Docker, by name; each has the last free address. */
  machines?: string[];
}

export interface SampleContainer {
  name: string;
  host: string;
  application?: string;
  image?: string;
  /** In attach order. @default the first network */
  networks?: string[];
  /** As hostAddress, host port, container port, protocol. */
  ports?: [string, number, number, "tcp" | "udp"][];
}

export interface SampleCloud {
  hosts?: string[];
  engineVersion?: string;
  networks?: SampleNetwork[];
  containers?: SampleContainer[];
  /** By network. */
  policies?: Record<
    string,
    { rules?: PolicyRule[]; isolate?: string; outside?: "open" | "closed"; name?: string }
  >;
}

/** A stack's state with these parts. Each host has the block with its number, each container the next address there. */
export function sampleCloud(sample: SampleCloud): CloudState {
  const { hosts = ["h1", "h2"], engineVersion = "28.2.2" } = sample;
  const networks = (sample.networks ?? [{ name: "lan" }]).map((network, index) => ({
    ...{ driver: "vxlan", net: 128 + index, outbound: true, hosts },
    ...{ cidr6: undefined, driverOptions: undefined, names: undefined, machines: [] as string[] },
    ...network,
  }));
  const numbers = new Map<string, number>();
  const containers = (sample.containers ?? []).map((container) => {
    const on = container.networks ?? [networks[0]!.name];
    const number = (numbers.get(container.host) ?? 1) + 1;
    numbers.set(container.host, number);
    return {
      name: container.name,
      id: `id-${container.name}`,
      owner: `shop/prod/${container.name}`,
      state: {
        spec: {
          image: container.image ?? "web:1",
          application: container.application ?? "",
          ports: (container.ports ?? []).map(
            ([hostAddress, hostPort, containerPort, protocol]) => ({
              ...{ hostAddress, hostPort, containerPort, protocol },
            }),
          ),
        },
        place: {
          host: container.host,
          networks: on.map((network) => ({
            network,
            dockerName: `${network}-${vniOf(networks, network)}`,
            address: `10.${netOf(networks, network)}.${hosts.indexOf(container.host)}.${number}`,
          })),
        },
      },
    };
  });
  const membersOf = (network: string) =>
    containers.flatMap(({ name, state: { spec, place } }) =>
      place.networks
        .filter((each) => each.network === network)
        .map(({ address }) => ({
          ...{ name, application: spec.application, service: name, host: place.host, address },
        })),
    );
  return {
    ...{ project: "shop", stack: "prod", plans: [], names: [], ingress: [], pending: [] },
    hosts: hosts.map((name, index) => ({
      name,
      state: { facts: { engineVersion, underlayAddress: `192.0.2.${index + 1}` } },
    })),
    networks: networks.map(
      ({ name, driver, driverOptions, net, outbound, cidr6, names, hosts: on, machines }) => ({
        ...(names === undefined ? {} : { names }),
        ...(cidr6 === undefined ? {} : { cidr6 }),
        ...(driverOptions === undefined ? {} : { driverOptions }),
        ...{ meta: { name }, networkId: name, driver, outbound, dnsServers: [] },
        ...{ cidr: `10.${net}.0.0/16`, vni: vniOf(networks, name), mtu: 1450 },
        ...{ domain: `${name}.clocker`, dockerName: `${name}-${vniOf(networks, name)}` },
        records: Object.fromEntries(
          membersOf(name).map(({ name: container, address }) => [container, [address]]),
        ),
        hosts: [
          ...on.map((host) => ({
            name: host,
            block: `10.${net}.${hosts.indexOf(host)}.0/24`,
            gateway: `10.${net}.${hosts.indexOf(host)}.1`,
            underlay: `192.0.2.${hosts.indexOf(host) + 1}`,
          })),
          ...machines.map((machine, index) => ({
            name: machine,
            block: `10.${net}.255.${254 - index}/32`,
            gateway: `10.${net}.255.${254 - index}`,
            underlay: `192.0.2.${40 + index}`,
            machine: true,
          })),
        ],
      }),
    ),
    policies: Object.entries(sample.policies ?? {}).map(([network, policy]) => ({
      name: policy.name ?? "segments",
      state: {
        ...{ network, isolate: "applications", outside: "open", rules: [] },
        ...policy,
        members: membersOf(network),
      },
    })),
    containers,
  } as unknown as CloudState;
}

type Networks = readonly { name: string; net: number }[];

const netOf = (networks: Networks, name: string): number =>
  networks.find((network) => network.name === name)!.net;

const vniOf = (networks: Networks, name: string): number =>
  networks.findIndex((network) => network.name === name) + 7;
