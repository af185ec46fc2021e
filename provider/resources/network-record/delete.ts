import { isUnreachable } from "../../errors.js";
import { whenUnreachable } from "../../host/unreachable-policy.js";
import type { HostRecord } from "../../network/driver.js";
import { NETWORK_ROOT } from "../../network/names.js";
import { warn } from "../../progress.js";
import { combined, failuresOf, onEach } from "../each-host.js";
import type { RecordInputs, RecordKind, RecordState } from "./inputs.js";
import { workOn } from "./on-hosts.js";
import { inputsOf } from "./state.js";

/**
 * Takes the record off every host, if it is still that of this creation. Idempotent. Where a host cannot be reached and
 * its connection says so, it is forgotten, with a warning of what stays there: nothing else would ever remove it.
 */
export async function remove<Inputs extends RecordInputs>(
  kind: RecordKind<Inputs>,
  state: RecordState<Inputs>,
): Promise<void> {
  const inputs = inputsOf(state);
  const { undone, notRemoved } = kind.words(inputs);
  const works = workOn(kind, inputs, state.generation);
  const outcomes = await onEach(works, `${undone} on`, async ({ host, runtime, record }) => {
    try {
      await runtime.dropRecord(record);
    } catch (error) {
      if (!isUnreachable(error) || whenUnreachable(host.connection) !== "forget") throw error;
      await warn(
        `host ${host.name} cannot be reached and is forgotten: should it come back, ${fileOf(record)} is in force there until the network takes the host in again, or it is removed by hand`,
      );
    }
  });
  if (failuresOf(outcomes).length > 0) throw combined(notRemoved, outcomes);
}

/** Where the host keeps it (program/records.ts). */
function fileOf({ kind, vni, key }: HostRecord): string {
  return `${NETWORK_ROOT}/${vni}/${key === undefined ? kind : `${kind}.d/${key}`}`;
}
