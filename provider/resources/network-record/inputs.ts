import type { HostConnection } from "../../host/connection.js";
import type { DriverName } from "../../ipam/driver-facts.js";
import type { Meta } from "../../lifecycle.js";
import type { HostRecord } from "../../network/driver.js";

/** What every resource says that the hosts of a network keep for it, beside what it is. */
export interface RecordInputs {
  meta: Meta;
  /** Logical name of the network, which belongs to the same stack. */
  network: string;
  networkId: string;
  driver: DriverName;
  vni: number;
  /** Of the network: with another one it is another network, which has to be told again. */
  cidr: string;
  /** Its IPv6 range, where a record says something of it. Absent: none. */
  cidr6?: string;
  /** Hosts of the network. As the program gives them, those that are not in it yet are among them, without a block. */
  hosts: { name: string; connection: HostConnection; block?: string }[];
}

export type RecordState<Inputs extends RecordInputs> = Inputs & {
  /** Random per creation: a delete removes only what this creation wrote. */
  generation: string;
  /** The words of hosts that came to the network later (network-joins.ts) for which the record was written. Absent: none did. */
  joins?: Record<string, string>;
  /** What is wrong by host name, as the last operation or refresh saw it. The next update repairs it. */
  problems?: Record<string, string[]>;
};

/** One kind of record: what its hosts are given, and how it is spoken of. */
export interface RecordKind<Inputs extends RecordInputs> {
  /** The id of a creation. */
  idOf(inputs: Inputs, generation: string): string;
  /** What one host keeps. */
  recordOf(
    inputs: Inputs,
    host: Inputs["hosts"][number],
  ): Pick<HostRecord, "kind" | "key" | "text">;
  /** What it is given now, where the record is completed by others later. Absent: the record. */
  recordNow?(
    inputs: Inputs,
    host: Inputs["hosts"][number],
  ): Pick<HostRecord, "kind" | "key" | "text">;
  words(inputs: Inputs): RecordWords;
}

export interface RecordWords {
  /** What a host is when it has the record: "in force". */
  done: string;
  /** What it is when it is rid of it: "lifted". */
  undone: string;
  /** "the policy of network app is not in force", and where follows. */
  notMade: string;
  /** "the policy of network app was not changed on all hosts". */
  notChanged: string;
  notRemoved: string;
  notObserved: string;
  /** "the policy of network app is changed there", and when follows. */
  later: string;
}
