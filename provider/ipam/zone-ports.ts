import { isEveryAddress } from "./cidr.js";
import type { Candidate, NetworkRequest, PlanInput } from "../placement/model.js";
import type { PortRange } from "../placement/port-table.js";

const DNS_PORT = 53;

/**
 * Hosts that serve the zone of a network, of this plan or an earlier one, have its port taken, so that no container comes there that publishes it. An
 * address that is not known yet may be any.
 */
export function reserveZonePorts(
  candidates: readonly Candidate[],
  networks: readonly { name: string; zone?: NetworkRequest["zone"] | undefined }[],
): void {
  for (const { name, zone } of networks) {
    const port = zone?.port ?? DNS_PORT;
    for (const host of candidates.filter((each) => zone?.hosts.includes(each.name))) {
      const at = { first: port, last: port, hostAddress: host.underlay?.address ?? "" };
      const by = `the name server of network ${name}`;
      const taken = (["tcp", "udp"] as const).map((protocol) => ({
        ...at,
        protocol,
        by,
        zoneOf: name,
      }));
      host.takenPorts = [...(host.takenPorts ?? []), ...taken];
    }
  }
}

/** One sentence for each port at which a zone cannot be asked for, as somebody has it: of two zones the later one is refused. */
export function zonePortRefusals({ candidates, networks }: PlanInput): [string, string][] {
  const order = networks.map(({ name }) => name);
  return networks.flatMap(({ name, zone }, index) =>
    candidates.flatMap((host): [string, string][] => {
      if (!zone?.hosts.includes(host.name)) return [];
      const port = zone.port ?? DNS_PORT;
      const isRival = ({ zoneOf }: PortRange): boolean =>
        zoneOf === undefined || order.indexOf(zoneOf) < index;
      const by =
        host.takenPorts?.find((range) => isRival(range) && meets(range, port, host))?.by ??
        publisher(host, port);
      if (by === undefined) return [];
      const where = host.underlay ? `${host.name} (${host.underlay.address})` : host.name;
      const sentence = `network ${name}: port ${port} of ${where}, at which its zone is to be asked for, is in use by ${by}: give the zone another port`;
      return [[name, sentence]];
    }),
  );
}

function meets({ first, last, hostAddress }: PortRange, port: number, host: Candidate): boolean {
  return first <= port && port <= last && isOf(host, hostAddress);
}

/** A container that is there: one that is to go, or to move, does so after the network is made. */
function publisher(host: Candidate, port: number): string | undefined {
  const own = Object.entries(host.own).map(([name, { ports = [] }]) => ({ name, ports }));
  const found = [...host.others, ...own].find(({ ports }) =>
    ports.some(({ hostPort, hostAddress }) => hostPort === port && isOf(host, hostAddress)),
  );
  return found && `container ${found.name}`;
}

/** Whoever has the port there has it at the address that other hosts ask. */
function isOf({ underlay }: Candidate, hostAddress: string): boolean {
  return (
    hostAddress === "" ||
    isEveryAddress(hostAddress) ||
    underlay === undefined ||
    underlay.address === hostAddress
  );
}
