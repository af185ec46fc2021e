import { Twins } from "../../ipam/twins.js";
import type { RecordKind } from "../network-record/inputs.js";
import type { NetworkIngressInputs, OpenPort } from "./inputs.js";

/** Each host is told who answers on which port, by all of its addresses, and who of them is its own. */
export const ingressRecord: RecordKind<NetworkIngressInputs> = {
  idOf: ({ networkId, plan }, generation) => `${networkId}/ports/${plan}/${generation}`,
  recordOf: (inputs, host) => ({
    kind: "ports",
    key: inputs.plan,
    text: inputs.ports
      .flatMap((port) => linesOf(port, host.name, Twins.of(inputs)))
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
function linesOf(
  { hostPort, protocol, targets }: OpenPort,
  own: string,
  twins: Twins | undefined,
): string[] {
  return targets.flatMap(({ host, address, port }) => {
    const where = host === own ? "here" : "there";
    const both = [address, twins?.ipv6(address) ?? []].flat();
    return both.map((each) => `${protocol} ${hostPort} ${each} ${port} ${where}\n`);
  });
}
