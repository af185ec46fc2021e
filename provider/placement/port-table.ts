import { isEveryAddress } from "../ipam/cidr.js";
import type { HostPort } from "./model.js";

/** Ports from `first` to `last`, and who has them: `the process nginx`. */
export interface PortRange extends Omit<HostPort, "hostPort"> {
  first: number;
  last: number;
  by: string;
  /** The network of the plan whose zone is served there, by name. Absent: none of it is. */
  zoneOf?: string;
}

interface Taken {
  readonly port: HostPort;
  readonly by: string;
}

/** Which ports of one host are taken, and by whom. An address of "" is every address, and so meets any other. */
export class PortTable {
  /** Undefined while none is taken, as on most hosts of a large cloud. */
  private taken: Map<number, Taken[]> | undefined;
  private ranges: PortRange[] | undefined;

  takeRange(range: PortRange): void {
    const { first, last, by, zoneOf: _zone, ...rest } = range;
    if (first === last) this.take([{ ...rest, hostPort: first }], by);
    else (this.ranges ??= []).push(range);
  }

  take(ports: readonly HostPort[], by: string): void {
    if (ports.length === 0) return;
    const taken = (this.taken ??= new Map<number, Taken[]>());
    for (const port of ports) {
      const entries = taken.get(port.hostPort);
      if (entries) entries.push({ port, by });
      else taken.set(port.hostPort, [{ port, by }]);
    }
  }

  /** Who else than `asking` holds a port that overlaps this one; undefined when it is free. */
  holder(wanted: HostPort, asking: string): string | undefined {
    const single = this.taken
      ?.get(wanted.hostPort)
      ?.find(({ port, by }) => by !== asking && portsOverlap(port, wanted));
    return (single ?? this.ranges?.find((range) => isIn(wanted, range)))?.by;
  }
}

/** Same number and protocol, and an address in common. */
export function portsOverlap(a: HostPort, b: HostPort): boolean {
  return (
    a.hostPort === b.hostPort &&
    a.protocol === b.protocol &&
    (isEveryAddress(a.hostAddress) ||
      isEveryAddress(b.hostAddress) ||
      a.hostAddress === b.hostAddress)
  );
}

function isIn(wanted: HostPort, { first, last, protocol, hostAddress }: PortRange): boolean {
  return (
    first <= wanted.hostPort &&
    wanted.hostPort <= last &&
    portsOverlap({ hostPort: wanted.hostPort, protocol, hostAddress }, wanted)
  );
}

/** `8080/tcp`, `10.0.0.1:53/udp`. */
export function portText(port: HostPort): string {
  const address = isEveryAddress(port.hostAddress) ? "" : `${port.hostAddress}:`;
  return `${address}${port.hostPort}/${port.protocol}`;
}
