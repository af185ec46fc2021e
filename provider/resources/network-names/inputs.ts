import type { HostConnection } from "../../host/connection.js";
import type { DriverName } from "../../ipam/driver-facts.js";
import type { Meta } from "../../lifecycle.js";

/** Names that one plan adds to a network that an earlier plan of the same program made. */
export interface NetworkNamesInputs {
  meta: Meta;
  /** Logical name of the network, which belongs to the same stack. */
  network: string;
  networkId: string;
  driver: DriverName;
  vni: number;
  /** Of the network: with another one it is another network, which has to be told the names again. */
  cidr: string;
  domain: string;
  /** Name of the plan that decided the addresses. */
  plan: string;
  /** Hosts of the network. */
  hosts: { name: string; connection: HostConnection }[];
  /** Names and their addresses, beside the network's own. */
  records: Record<string, string[]>;
}

export interface NetworkNamesState extends NetworkNamesInputs {
  /** Random per creation: a delete removes only what this creation wrote. */
  generation: string;
  /** What is wrong by host name, as the last operation or refresh saw it. The next update repairs it. */
  problems?: Record<string, string[]>;
}
