import {
  labConnection,
  labDown,
  labExecArgv,
  labUp,
  run as command,
  type LabInventory,
} from "../lab/index.js";
import { closeTransports } from "../provider/host/pool.js";
import { dockerNetworkName } from "../provider/network/names.js";
import type { NetworkPolicyInputs } from "../provider/resources/network-policy/inputs.js";
import { networkPolicyLifecycle as policies } from "../provider/resources/network-policy/lifecycle.js";
import type {
  VirtualNetworkInputs,
  VirtualNetworkState,
} from "../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as networks } from "../provider/resources/virtual-network/lifecycle.js";
import { withCleanup } from "./cleanup.js";
import type { BenchRow } from "./row.js";

/** Networks that are made at the same time. */
const AT_ONCE = 4;

/** Changes of one network, in the order in which they are measured. */
export const CHANGES = ["create", "names", "policy", "host leaves", "host joins"] as const;
export type Change = (typeof CHANGES)[number];

/** Processes that a change starts on a host, on average of all hosts. */
export type Costs = Record<Change, number>;

/** What the first network's changes cost, and those of the last one, beside all others. */
export interface Scale {
  alone: Costs;
  crowded: Costs;
}

/**
 * What changing one network costs its hosts with few networks there and with many. Counted, not timed: processes that were
 * started on a host meanwhile, so that it says the same on a busy machine. (A host of the lab numbers its processes itself.)
 */
export async function run(): Promise<BenchRow[]> {
  const size = {
    hosts: Number(process.env["CLOCKER_SCALE_HOSTS"] ?? 20),
    networks: Number(process.env["CLOCKER_SCALE_NETWORKS"] ?? 50),
  };
  const lab = `bench-scale-${process.pid}`;
  return withCleanup(async (atEnd) => {
    atEnd(async () => {
      await closeTransports();
      await labDown(lab);
    });
    const inventory = await labUp({ name: lab, hosts: size.hosts, ephemeral: true });
    const { alone, crowded } = await measure(inventory, size.networks);
    return CHANGES.map((change): BenchRow => {
      const ratio = crowded[change] / alone[change];
      return {
        suite: "network-scale",
        name: `${change}, processes a host, ${size.hosts} hosts and ${size.networks} networks`,
        value: crowded[change],
        unit: "",
        ratio,
        against: "with one network",
        goal: "<= 1.25 x",
        ok: ratio <= 1.25,
      };
    });
  });
}

/** Measures one network, makes all but one of the others, and measures the last. The lab has to be without networks. */
export async function measure(inventory: LabInventory, count: number): Promise<Scale> {
  const alone = await costsOf(inventory, 1);
  const others = Array.from({ length: count - 2 }, (_, index) => index + 2);
  for (let at = 0; at < others.length; at += AT_ONCE)
    await Promise.all(
      others.slice(at, at + AT_ONCE).map((number) => networks.create(inputsOf(inventory, number))),
    );
  return { alone, crowded: await costsOf(inventory, count) };
}

async function costsOf(inventory: LabInventory, number: number): Promise<Costs> {
  const inputs = inputsOf(inventory, number);
  const id = dockerNetworkName(inputs.networkId, inputs.vni);
  const fewer = { ...inputs, hosts: inputs.hosts.slice(0, -1) };
  let state: VirtualNetworkState | undefined;
  const changing = async (to: VirtualNetworkInputs) => {
    state = state ? (await networks.update(id, state, to)).outs : (await networks.create(to)).outs;
  };
  const steps: Record<Change, () => Promise<unknown>> = {
    create: () => changing(inputs),
    names: () => changing({ ...inputs, records: { web: [inputs.hosts[0]!.gateway] } }),
    policy: () => policies.create(policyOf(inputs)),
    "host leaves": () => changing(fewer),
    "host joins": () => changing(inputs),
  };
  const costs: Partial<Costs> = {};
  for (const change of CHANGES) {
    const before = await started(inventory);
    await steps[change]();
    const after = await started(inventory);
    costs[change] = (after - before) / inventory.hosts.length;
  }
  return costs as Costs;
}

/** Processes that all hosts of the lab have started so far: the last number that each has given. */
async function started(inventory: LabInventory): Promise<number> {
  const numbers = await Promise.all(
    inventory.hosts.map(async ({ name }) => {
      const argv = await labExecArgv(inventory.name, name, ["cat", "/proc/loadavg"]);
      return Number((await command(argv)).stdout.trim().split(" ").at(-1));
    }),
  );
  return numbers.reduce((sum, number) => sum + number, 0);
}

function inputsOf(inventory: LabInventory, number: number): VirtualNetworkInputs {
  const name = `scale${number}`;
  return {
    meta: { project: "bench", stack: "dev", name, urn: "" },
    ...{ cloud: "bench", networkId: name, driver: "vxlan", cidr: `10.${number}.0.0/16` },
    ...{ vni: 1000 + number, mtu: 1450, domain: `${name}.clocker`, dnsServers: [] },
    ...{ outbound: true, records: {} },
    hosts: inventory.hosts.map((host, index) => ({
      name: host.name,
      connection: labConnection(inventory, host),
      block: `10.${number}.${index + 1}.0/24`,
      gateway: `10.${number}.${index + 1}.1`,
      underlay: host.address,
    })),
  };
}

/** Two applications with a container on each host. */
function policyOf(network: VirtualNetworkInputs): NetworkPolicyInputs {
  return {
    ...network,
    meta: { ...network.meta, name: "segments" },
    network: network.meta.name,
    isolate: "applications",
    outside: "open",
    rules: [],
    members: network.hosts.map(({ name: host, block }, index) => ({
      name: `c${index}`,
      application: index % 2 === 0 ? "shop" : "data",
      service: "c",
      host,
      address: block.replace("0/24", "10"),
    })),
  };
}
