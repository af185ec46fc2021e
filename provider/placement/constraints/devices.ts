import type { DeviceAsk } from "../device-pool.js";
import type { HostState } from "../host-state.js";
import { count } from "../words.js";
import type { Ask, Constraint } from "./constraint.js";
import { labelComplaint } from "./label-expression.js";
import { byComplaint, type Complaint } from "./simple.js";

/** The devices it needs are there and nobody holds them. */
export const devicesConstraint: Constraint = {
  name: "devices",
  declared: false,
  applies: (ask) => ask.devices.length > 0,
  accepts: (ask, host) => host.devices?.choose(ask.devices, ask.name) !== undefined,
  explain: (ask, hosts) => byComplaint(hosts, (host) => complaint(ask, host)),
  explainOne: (ask, host) => complaint(ask, host).one,
};

function complaint(ask: Ask, host: HostState): Complaint {
  const lacking = ask.devices.find((each) => host.devices?.choose([each], ask.name) === undefined);
  // Each alone would find its devices, all together do not.
  const what = lacking ? lack(lacking, host, ask.name) : ask.devices.map(deviceText).join(" and ");
  return { one: `lacks ${what}`, many: `lack ${what}` };
}

function lack(device: DeviceAsk, host: HostState, asking: string): string {
  const found = host.devices?.count(device, asking);
  const has = !found?.any
    ? "none there"
    : found.matching < device.count
      ? `${found.matching} there`
      : `${found.free} free`;
  return `${deviceText(device)} (${has})`;
}

/** `2 gpus with memory >= 16`. */
function deviceText({ kind, count: wanted, where }: DeviceAsk): string {
  const conditions = where.map((each) => {
    const { lacks, what } = labelComplaint(each);
    return lacks ? what : `no ${what}`;
  });
  const which = conditions.length > 0 ? ` with ${conditions.join(" and ")}` : "";
  return `${count(wanted, kind)}${which}`;
}
