import type { RecordKind } from "../network-record/inputs.js";
import type { NetworkIngressInputs, OpenPort } from "./inputs.js";

/** Each host is told who answers on which port, and who of them is its own. */
export const ingressRecord: RecordKind<NetworkIngressInputs> = {
  idOf: ({ networkId, plan }, generation) => `${networkId}/ports/${plan}/${generation}`,
  recordOf: ({ plan, ports }, host) => ({
    kind: "ports",
    key: plan,
    text: ports
      .flatMap((port) => linesOf(port, host.name))
      .sort()
      .join(""),
  }),
  words: ({ networkId }) => ({
    done: "open on",
    undone: "closed on",
    notMade: `the ports of network ${networkId} are not open`,
    notChanged: `the ports of network ${networkId} were not changed on all hosts`,
    notRemoved: `the ports of network ${networkId} were not closed on all hosts`,
    notObserved: `the ports of network ${networkId} cannot be observed on all hosts`,
    later: `the ports of network ${networkId} are changed there`,
  }),
};

/** `tcp 8080 10.128.0.2 80 here`: a connection to the port may go to that address. */
function linesOf({ hostPort, protocol, targets }: OpenPort, own: string): string[] {
  return targets.map(({ host, address, port }) => {
    const where = host === own ? "here" : "there";
    return `${protocol} ${hostPort} ${address} ${port} ${where}\n`;
  });
}
