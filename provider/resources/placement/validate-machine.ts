import { connectionFailures } from "../../host/connection-check.js";
import { parseAddress } from "../../ipam/cidr.js";
import * as rule from "../../validation/rules.js";
import { isRecord } from "../../validation/problems.js";
import type { Report } from "./report.js";
import { NAME } from "./validate-rules.js";

/** What is wrong with a machine that is to be on a network. `at`: its path in the plan's inputs. */
export function checkMachine(report: Report, at: string, machine: unknown): void {
  const members = ["name", "connection", "address", "aliases", "privateAddress"];
  report.object(at, machine, members, (it) => {
    report.keeps(`${at}.name`, it["name"], NAME);
    report.keepsIfGiven(`${at}.address`, it["address"], addressProblem);
    report.keepsIfGiven(`${at}.privateAddress`, it["privateAddress"], ipv4Problem);
    report.list(`${at}.aliases`, it["aliases"], (alias, path) => {
      report.keeps(path, alias, rule.text);
    });
    for (const { reason } of connectionFailures(it["connection"], "host")) {
      const [property = "", ...words] = reason.split(" ");
      report.add(`${at}.${property}`, words.join(" "));
    }
  });
}

/** Hosts and machines have their names from one space: the plan and the hosts' messages speak of them by name alone. */
export function refuseSharedNames(report: Report, hosts: unknown, networks: unknown): void {
  const names = new Set(namesIn(hosts));
  listOf(networks).forEach((network, n) => {
    const machines = isRecord(network) ? network["machines"] : undefined;
    namesIn(machines).forEach((name, m) => {
      if (typeof name === "string" && names.has(name))
        report.add(
          `networks[${n}].machines[${m}].name`,
          `${name} is the name of a host of the cloud`,
        );
    });
  });
}

function addressProblem(value: unknown): string | undefined {
  return typeof value === "string" && parseAddress(value)
    ? undefined
    : "must be an IP address such as 10.20.0.5";
}

function ipv4Problem(value: unknown): string | undefined {
  return typeof value === "string" && parseAddress(value)?.family === 4
    ? undefined
    : "must be an IPv4 address such as 10.20.0.5";
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function namesIn(value: unknown): unknown[] {
  return listOf(value).map((item) => (isRecord(item) ? item["name"] : undefined));
}
