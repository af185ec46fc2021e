import type { HostPort } from "./model.js";

/** Which ports of one host are taken, and by whom. An address of "" is every address, and so meets any other. */
export class PortTable {
  private readonly taken = new Map<number, { port: HostPort; by: string }[]>();

  take(ports: readonly HostPort[], by: string): void {
    for (const port of ports) {
      const entries = this.taken.get(port.hostPort);
      if (entries) entries.push({ port, by });
      else this.taken.set(port.hostPort, [{ port, by }]);
    }
  }

  /** Who else than `asking` holds a port that overlaps this one; undefined when it is free. */
  holder(wanted: HostPort, asking: string): string | undefined {
    return this.taken
      .get(wanted.hostPort)
      ?.find(({ port, by }) => by !== asking && portsOverlap(port, wanted))?.by;
  }
}

/** Same number and protocol, and an address in common. */
export function portsOverlap(a: HostPort, b: HostPort): boolean {
  return (
    a.hostPort === b.hostPort &&
    a.protocol === b.protocol &&
    (isAny(a.hostAddress) || isAny(b.hostAddress) || a.hostAddress === b.hostAddress)
  );
}

function isAny(address: string): boolean {
  return address === "" || address === "0.0.0.0" || address === "::";
}

/** `8080/tcp`, `10.0.0.1:53/udp`. */
export function portText(port: HostPort): string {
  const address = isAny(port.hostAddress) ? "" : `${port.hostAddress}:`;
  return `${address}${port.hostPort}/${port.protocol}`;
}
