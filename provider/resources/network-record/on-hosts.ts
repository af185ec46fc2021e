import { ownerOf } from "../../host/ownership.js";
import { transportFor } from "../../host/pool.js";
import type { HostRecord } from "../../network/driver.js";
import { DRIVERS } from "../../network/drivers.js";
import { NetworkRuntime } from "../../network/runtime.js";
import { currentOperation } from "../../operation.js";
import type { RecordInputs, RecordKind } from "./inputs.js";

/** One host that is to keep the record. */
export interface RecordWork {
  host: RecordInputs["hosts"][number];
  record: HostRecord;
  runtime: NetworkRuntime;
}

/** `toWrite`: as it is to be written now, which is not always what a host is to have in the end. */
export function workOn<Inputs extends RecordInputs>(
  kind: RecordKind<Inputs>,
  inputs: Inputs,
  generation: string,
  toWrite = false,
): RecordWork[] {
  const { networkId, vni } = inputs;
  const owner = ownerOf({ ...inputs.meta, name: inputs.network });
  const signal = currentOperation()?.signal;
  return inputs.hosts.map((host) => {
    const transport = transportFor(host.connection);
    const record =
      toWrite && kind.recordNow ? kind.recordNow(inputs, host) : kind.recordOf(inputs, host);
    const common = { host: host.name, networkId, vni, owner, mark: `# ${generation}` };
    return {
      host,
      record: { ...common, ...record },
      // What a host keeps is a matter of that host alone: no other one is spoken to.
      runtime: new NetworkRuntime(DRIVERS[inputs.driver], transport, () => transport, signal),
    };
  });
}
