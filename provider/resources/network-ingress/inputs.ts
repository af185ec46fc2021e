import type { RecordInputs, RecordState } from "../network-record/inputs.js";

/** A port that is open on every host, and who answers there. */
export interface OpenPort {
  hostPort: number;
  protocol: "tcp" | "udp";
  targets: IngressTarget[];
}

export interface IngressTarget {
  /** Logical name of the container. */
  container: string;
  /** The host that it is on. */
  host: string;
  /** Its address on the network, and the port inside it. */
  address: string;
  port: number;
}

/** Ports that are open on every host of a network for the containers of one plan. */
export interface NetworkIngressInputs extends RecordInputs {
  /** Name of the plan that decided where the containers are. */
  plan: string;
  ports: OpenPort[];
}

export type NetworkIngressState = RecordState<NetworkIngressInputs>;
