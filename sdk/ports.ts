import * as pulumi from "@pulumi/pulumi";
import type { PlacementRequest } from "../provider/placement/model.js";
import type { ContainerSpec } from "../provider/resources/placed-container/inputs.js";

export interface PortArgs {
  /** Port inside the container, or a range such as `"8000-8010"`. */
  container: number | string;
  /**
   * Port on the host, or a range as long as that of the container; absent: not published, only reachable on the
   * container's networks.
   */
  host?: number | string;
  /** @default "tcp" */
  protocol?: "tcp" | "udp";
  /** Address of the host to publish on. @default all */
  hostAddress?: string;
  /**
   * Where the port is open. `"host"`: on the container's host. `"ingress"`: on every host of the cloud, for all containers
   * of the same application and type together, which get connections in turn. It goes over the container's
   * first network, whose driver must be vxlan, routed, wireguard or ovs; a change touches no container.
   * @default "host"
   */
  mode?: "host" | "ingress";
}

/** A number is a container port that is not published; text is as in Docker: `"8080:80"`, `"127.0.0.1:53:53/udp"`. */
export type PortInput = number | string | PortArgs;

/** A port that is open on every host. */
export interface IngressPort {
  containerPort: number;
  hostPort: number;
  protocol: "tcp" | "udp";
}

/**
 * The ports of a container as its host publishes them, one for each port of a range. Those that are open on every host are
 * in `ingress`, and among the others without a port of the host. `at` is the property, for messages.
 * @throws RunError for what is no port
 */
export function readPorts(
  at: string,
  inputs: readonly PortInput[] = [],
): { ports: ContainerSpec["ports"]; ingress: IngressPort[] } {
  const read = inputs.flatMap((input, index) => readPort(`${at}[${index}]`, input));
  return {
    ports: read.map(({ mode, hostPort, ...port }) => ({
      ...port,
      hostPort: mode === "ingress" ? 0 : hostPort,
    })),
    ingress: read.flatMap(({ mode, containerPort, hostPort, protocol }) =>
      mode === "ingress" ? [{ containerPort, hostPort, protocol }] : [],
    ),
  };
}

/** What a request asks of every host; nothing where no port is open there. */
export function ingressRequest(ingress: readonly IngressPort[]): Pick<PlacementRequest, "ingress"> {
  if (ingress.length === 0) return {};
  return { ingress: ingress.map(({ hostPort, protocol }) => ({ hostPort, protocol })) };
}

type ReadPort = ContainerSpec["ports"][number] & { mode: "host" | "ingress" };

function readPort(at: string, input: PortInput): ReadPort[] {
  const port = typeof input === "object" ? input : parse(at, String(input));
  const { protocol = "tcp", hostAddress = "", mode = "host" } = port;
  const inside = rangeOf(at, port.container);
  const outside = port.host === undefined ? undefined : rangeOf(at, port.host);
  if (outside && outside.length !== inside.length)
    throw new pulumi.RunError(
      `${at}: ${port.host} has ${outside.length} ports and ${port.container} has ${inside.length}: ranges must be of one length`,
    );
  if (mode === "ingress" && !outside)
    throw new pulumi.RunError(
      `${at}: mode "ingress" needs \`host\`, the port that is open on every host`,
    );
  if (mode === "ingress" && hostAddress !== "")
    throw new pulumi.RunError(
      `${at}: mode "ingress" is open on all addresses of every host: take out hostAddress`,
    );
  return inside.map((containerPort, index) => ({
    ...{ containerPort, hostPort: outside?.[index] ?? 0, protocol, hostAddress, mode },
  }));
}

const TEXT =
  /^(?:(?:(\[[0-9a-fA-F:]+\]|[0-9.]+):)?(\d+(?:-\d+)?):)?(\d+(?:-\d+)?)(?:\/(tcp|udp))?$/;

function parse(at: string, text: string): PortArgs {
  const match = TEXT.exec(text);
  if (!match)
    throw new pulumi.RunError(
      `${at}: ${JSON.stringify(text)} is not a port; write "80", "8080:80", "8000-8010:8000-8010" or "127.0.0.1:8080:80/tcp"`,
    );
  const [, address, host, container = "", protocol] = match;
  return {
    container,
    ...(host === undefined ? {} : { host }),
    ...(protocol === undefined ? {} : { protocol: protocol as "tcp" | "udp" }),
    ...(address === undefined ? {} : { hostAddress: address.replace(/^\[|\]$/g, "") }),
  };
}

/** Every port of a range; a number is one alone. What is no port number, the container's check refuses. */
function rangeOf(at: string, value: number | string): number[] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(String(value));
  if (!match) {
    if (typeof value === "number") return [value];
    throw new pulumi.RunError(
      `${at}: ${JSON.stringify(value)} is no port; write 80 or "8000-8010"`,
    );
  }
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (last < first || last - first > 65_535)
    throw new pulumi.RunError(`${at}: ${value} is no range: it must go up, to 65535 at most`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
