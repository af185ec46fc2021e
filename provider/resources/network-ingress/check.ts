import { nameProblem } from "../../host/command.js";
import { DRIVER_FACTS } from "../../ipam/driver-facts.js";
import type { CheckFailure, CheckResult } from "../../lifecycle.js";
import { isUnknown } from "../../unknown.js";
import { membersAlone } from "../network-members.js";
import type { NetworkIngressInputs } from "./inputs.js";

/** Drivers by which a host reaches the containers of all others, and has their answers back. */
const FORWARDING: readonly unknown[] = Object.entries(DRIVER_FACTS).flatMap(([name, facts]) =>
  facts.forwards ? [name] : [],
);

/** Refuses networks over which no host could pass on a connection. No I/O; unknown values are let through. */
export async function check(
  _olds: Partial<NetworkIngressInputs>,
  news: NetworkIngressInputs,
): Promise<CheckResult<NetworkIngressInputs>> {
  const failures: CheckFailure[] = [];
  const { driver, plan } = news;
  if (!isUnknown(driver) && !FORWARDING.includes(driver))
    failures.push({
      property: "driver",
      reason: `the driver ${JSON.stringify(driver)} opens no port on every host: hosts cannot pass connections on over it; use ${FORWARDING.join(", ")}, or publish on the container's host alone (mode: "host")`,
    });
  const reason = isUnknown(plan) ? undefined : nameProblem(plan);
  if (reason !== undefined) failures.push({ property: "plan", reason });
  return { inputs: { ...news, hosts: membersAlone(news.hosts) }, failures };
}
