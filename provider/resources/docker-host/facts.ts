import type { HostConnection } from "../../host/connection.js";
import { observeHost, type HostSnapshot } from "../../host/observe.js";
import type { HostFacts } from "./inputs.js";

type Reachable = Extract<HostSnapshot, { reachable: true }>;

/** The stable facts of a snapshot; the daemon must have answered. */
export function factsOf(snapshot: Reachable): HostFacts {
  const { machine, engine } = snapshot;
  if (!engine) throw snapshot.engineProblem ?? new Error("no engine in the snapshot");
  return {
    engineId: engine.id,
    engineVersion: engine.version,
    apiVersion: engine.apiVersion,
    cpus: machine.cpus || engine.info.NCPU,
    memoryBytes: machine.memoryBytes || engine.info.MemTotal,
    arch: machine.arch,
    os: machine.os.name,
    kernel: machine.kernel,
    hostname: machine.hostname,
    underlayAddress: machine.underlay.address,
    underlayMtu: machine.underlay.mtu,
  };
}

/** Looks once and takes the facts; throws when the host or its daemon does not answer. */
export async function readFacts(connection: HostConnection): Promise<HostFacts> {
  return factsOf(await observeHost(connection, { timeoutMs: 30_000 }));
}
