import type { Policy } from "../../firewall/model.js";
import type { HostConnection } from "../../host/connection.js";
import type { DriverName } from "../../ipam/driver-facts.js";
import type { Meta } from "../../lifecycle.js";

/** Who may connect to whom on one network of the same stack. */
export interface NetworkPolicyInputs extends Policy {
  meta: Meta;
  /** Logical name of the network. */
  network: string;
  networkId: string;
  driver: DriverName;
  vni: number;
  /** Of the network: with another one it is another network, which has to be told the policy again. */
  cidr: string;
  /** Hosts of the network. */
  hosts: { name: string; connection: HostConnection; block: string; gateway: string }[];
}

export interface NetworkPolicyState extends NetworkPolicyInputs {
  /** Random per creation: a delete removes only what this creation wrote. */
  generation: string;
  /** What is wrong by host name, as the last operation or refresh saw it. The next update repairs it. */
  problems?: Record<string, string[]>;
}
