import type { HostConnection } from "../../host/connection.js";
import { ownerOf } from "../../host/ownership.js";
import { transportFor } from "../../host/pool.js";
import { namesFile } from "../../network/dns/names-file.js";
import type { AddedNames } from "../../network/driver.js";
import { DRIVERS } from "../../network/drivers.js";
import { NetworkRuntime } from "../../network/runtime.js";
import { currentOperation } from "../../operation.js";
import type { NetworkNamesInputs } from "./inputs.js";

/** One host that is to have the names. */
export interface NamesWork {
  host: { name: string; connection: HostConnection };
  added: AddedNames;
  runtime: NetworkRuntime;
}

export function workOn(inputs: NetworkNamesInputs, generation: string): NamesWork[] {
  const { networkId, vni, plan } = inputs;
  const owner = ownerOf({ ...inputs.meta, name: inputs.network });
  const names = namesFile(inputs.records, inputs.domain);
  const signal = currentOperation()?.signal;
  const driver = DRIVERS[inputs.driver];
  return inputs.hosts.map((host) => {
    const transport = transportFor(host.connection);
    return {
      host,
      added: { host: host.name, networkId, vni, owner, plan, mark: `# ${generation}`, names },
      // Names are a matter of one host: no other one is spoken to.
      runtime: new NetworkRuntime(driver, transport, () => transport, signal),
    };
  });
}
