/**
 * The program of the end-to-end tests: reads what it is to make from the environment, so that a test changes one thing
 * by changing one value. It is the text of an ordinary index.ts.
 */
export const CLOUD_PROGRAM = `
import { DockerCloud, DockerHost, hostsFromInventory, PlacedContainer, VirtualNetwork } from "pulumi-clocker";
import * as pulumi from "@pulumi/pulumi";

const wanted = JSON.parse(process.env.WANTED!);
const machines = hostsFromInventory(process.env.INVENTORY!).filter(({ name }) => wanted.hosts.includes(name));
// An address that comes out of another resource, as that of a machine made in the same program does.
const machineOf: pulumi.dynamic.ResourceProvider = {
  create: async ({ wish }) => ({ id: wish, outs: { wish, address: wish } }),
};
class Machine extends pulumi.dynamic.Resource {
  declare readonly address: pulumi.Output<string>;
  constructor(name: string, address: pulumi.Input<string>) {
    super(machineOf, name, { wish: address, address: undefined });
  }
}
const hosts = machines.map(({ name, args }) => new DockerHost(name, {
  ...args,
  ...(wanted.hostArgs?.[name] ?? {}),
  ...(wanted.made?.includes(name) ? { address: new Machine("vm-" + name, args.address!).address } : {}),
}));
const cloud = new DockerCloud("cloud", { hosts, ...wanted.cloud });
const networks = Object.fromEntries(
  (wanted.networks ?? ["lan"]).map((name: string) => [name, new VirtualNetwork(name, { cloud })]),
);
const place = (containers: object) => Object.entries<any>(containers).forEach(([name, args]) => {
  const { on = ["lan"], ...rest } = args;
  new PlacedContainer(name, {
    cloud,
    networks: on.map((network: string) => networks[network]),
    image: "clocker-test/busybox:dev",
    pull: "never",
    command: ["sleep", "infinity"],
    stopTimeout: 0,
    memory: "32 MiB",
    cpus: 0.05,
    ...rest,
  });
});
place(wanted.containers);
// What a program makes after it has really waited for something.
async function placeLater(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  place(wanted.later);
  return Object.keys(wanted.later).length;
}
if (wanted.later) module.exports.later = placeLater();
`;

/** What the program is to make. Arguments of hosts, cloud and containers are those of the classes. */
export interface Wanted {
  hosts: string[];
  hostArgs?: Record<string, object>;
  /** Hosts whose address is known only after another resource was made. */
  made?: string[];
  cloud?: object;
  networks?: string[];
  containers: Record<string, object>;
  /** Containers that are made after an await, so that a further plan has them. */
  later?: Record<string, object>;
}
