import { nameProblem } from "../../host/command.js";
import type { CheckFailure, CheckResult } from "../../lifecycle.js";
import { isUnknown } from "../../unknown.js";
import { membersAlone } from "../network-members.js";
import { recordsProblem } from "../virtual-network/check.js";
import type { NetworkNamesInputs } from "./inputs.js";

/**
 * Refuses what could not be a file name or a hosts file on the hosts. What the network is, its own check has judged.
 * No I/O; unknown values are let through.
 */
export async function check(
  _olds: Partial<NetworkNamesInputs>,
  news: NetworkNamesInputs,
): Promise<CheckResult<NetworkNamesInputs>> {
  const failures: CheckFailure[] = [];
  for (const property of ["network", "plan"] as const) {
    const reason = isUnknown(news[property]) ? undefined : nameProblem(news[property]);
    if (reason !== undefined) failures.push({ property, reason });
  }
  const reason = isUnknown(news.records) ? undefined : recordsProblem(news.records);
  if (reason !== undefined) failures.push({ property: "records", reason });
  return { inputs: { ...news, hosts: membersAlone(news.hosts) }, failures };
}
