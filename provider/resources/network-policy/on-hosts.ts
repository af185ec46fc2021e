import { renderPolicy } from "../../firewall/render.js";
import type { HostConnection } from "../../host/connection.js";
import { ownerOf } from "../../host/ownership.js";
import { transportFor } from "../../host/pool.js";
import type { HostPolicy } from "../../network/driver.js";
import { DRIVERS } from "../../network/drivers.js";
import { NetworkRuntime } from "../../network/runtime.js";
import { currentOperation } from "../../operation.js";
import type { NetworkPolicyInputs } from "./inputs.js";

/** One host that is to keep the policy. */
export interface PolicyWork {
  host: { name: string; connection: HostConnection };
  policy: HostPolicy;
  runtime: NetworkRuntime;
}

export function workOn(inputs: NetworkPolicyInputs, generation: string): PolicyWork[] {
  const { networkId, vni } = inputs;
  const owner = ownerOf({ ...inputs.meta, name: inputs.network });
  const gateways = inputs.hosts.map(({ gateway }) => gateway).sort();
  const blocks = Object.fromEntries(inputs.hosts.map(({ name, block }) => [name, block]));
  const signal = currentOperation()?.signal;
  return inputs.hosts.map((host) => {
    const transport = transportFor(host.connection);
    const rules = renderPolicy(inputs, { vni, host: host.name, blocks, gateways });
    return {
      host,
      policy: { host: host.name, networkId, vni, owner, mark: `# ${generation}`, rules },
      // What a host enforces is a matter of that host alone.
      runtime: new NetworkRuntime(DRIVERS[inputs.driver], transport, () => transport, signal),
    };
  });
}
