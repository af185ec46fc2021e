import type { HostState } from "./host-state.js";
import type { HostPort, PlacementRequest, PlanInput } from "./model.js";
import { portText } from "./port-table.js";
import { listing } from "./words.js";

/**
 * Takes the ports that are open on every host for a service, on all hosts: nobody else may publish there. The answer is
 * why a port cannot be, by the request that asks for it.
 */
export function claimIngress(
  { requests, given, previous }: PlanInput,
  hosts: readonly HostState[],
): Map<string, string> {
  const refused = new Map<string, string>();
  const before = new Set(previous.ingress);
  // What was open is not asked for again where it was: on hosts of the plan before, not on those that have come since.
  const known = new Set(
    Object.values(previous.networks).flatMap((each) => Object.keys(each.hosts)),
  );
  const services = new Map<string, { service: string; network: string }>();
  for (const request of [...(given?.requests ?? []), ...requests]) {
    if (!request.ingress) continue;
    const service = serviceOf(request);
    const network = request.networks[0]?.network ?? "";
    for (const { hostPort, protocol } of request.ingress) {
      const port: HostPort = { hostPort, protocol, hostAddress: "" };
      const text = portText(port);
      const other = services.get(text);
      if (other !== undefined) {
        if (other.service !== service)
          refused.set(
            request.name,
            `port ${text} is open on every host for ${other.service} already`,
          );
        else if (other.network !== network)
          refused.set(
            request.name,
            `port ${text} is open on every host over network ${other.network}, and ${network} is the first of its networks`,
          );
        continue;
      }
      services.set(text, { service, network });
      const holders = hosts.flatMap((host) => {
        if (before.has(text) && known.has(host.name)) return [];
        const by = host.ports.holder(port, service);
        return by === undefined ? [] : [`by ${by} on ${host.name}`];
      });
      if (holders.length > 0) {
        refused.set(
          request.name,
          `port ${text} cannot be open on every host: it is in use ${listing(holders)}`,
        );
        continue;
      }
      for (const host of hosts) host.ports.take([port], service);
    }
  }
  return refused;
}

/** Containers of one application and type share a port. */
function serviceOf({ application, type }: PlacementRequest): string {
  return application === "" ? type : `${type} of ${application}`;
}
