import { nameProblem } from "../../host/command.js";
import { ownerOf } from "../../host/ownership.js";
import {
  containsAddress,
  containsCidr,
  overlaps,
  parseAddress,
  parseCidr,
  type Cidr,
} from "../../ipam/cidr.js";
import { isPublic } from "../../ipam/choose-driver.js";
import { Twins } from "../../ipam/twins.js";
import { MAX_VNI } from "../../ipam/vni.js";
import type { CheckFailure, CheckResult } from "../../lifecycle.js";
import { type DriverName, factsOf, isDriverName } from "../../ipam/driver-facts.js";
import { nameServerProblems } from "../../network/dns/name-server.js";
import { DRIVERS } from "../../network/drivers.js";
import { zoneProblems } from "../../network/zone/check.js";
import { hasUnknown, isUnknown } from "../../unknown.js";
import { noteChecked } from "../checked-networks.js";
import { membersOf } from "../network-members.js";
import { inUseProblems } from "./in-use.js";
import type { NetworkHost, VirtualNetworkInputs } from "./inputs.js";

/** Smallest MTU that hosts of each family must take, and the largest that Linux bridges do. */
const MTU_RANGE = { min: 576, min6: 1280, max: 65_535 };
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;

/** Refuses what cannot work, before anything is touched. No I/O; unknown values are let through. */
export async function check(
  olds: Partial<VirtualNetworkInputs>,
  news: VirtualNetworkInputs,
): Promise<CheckResult<VirtualNetworkInputs>> {
  if (!hasUnknown(news.meta)) noteChecked(ownerOf(news.meta));
  const failures: CheckFailure[] = [];
  const refuse = (
    property: keyof VirtualNetworkInputs | `driverOptions.${string}`,
    reason: string,
  ): void => {
    failures.push({ property, reason });
  };
  const known = <K extends keyof VirtualNetworkInputs>(
    property: K,
    problem: (value: VirtualNetworkInputs[K]) => string | undefined,
  ): void => {
    const value = news[property];
    if (isUnknown(value)) return;
    const reason = problem(value);
    if (reason !== undefined) refuse(property, reason);
  };

  known("networkId", networkIdProblem);
  known("driver", (driver) =>
    isDriverName(driver)
      ? undefined
      : `must be one of ${Object.keys(DRIVERS).join(", ")}, not ${quoted(driver)}`,
  );
  const driver = isDriverName(news.driver) ? news.driver : undefined;
  for (const { option, reason } of optionProblemsOf(driver, news.driverOptions))
    refuse(option === "" ? "driverOptions" : `driverOptions.${option}`, reason);
  if (driver !== undefined && olds.driver === driver) {
    const { plan } = DRIVERS[driver];
    const problems =
      plan.changeProblems?.(olds.driverOptions ?? {}, news.driverOptions ?? {}) ?? [];
    for (const { option, reason } of problems) refuse(`driverOptions.${option}`, reason);
  }
  known("encryption", (encryption) => encryptionProblem(driver, encryption));
  for (const [property, reason] of optionalEncryptionProblems(driver, news))
    refuse(property, reason);
  known("cidr", cidrProblem);
  known("cidr6", (cidr6) => cidr6Problem(cidr6, news.cidr, driver));
  known("vni", (vni) =>
    inRange(vni, 1, MAX_VNI) ? undefined : `must be a whole number from 1 to ${MAX_VNI}`,
  );
  const leastMtu = news.cidr6 === undefined ? MTU_RANGE.min : MTU_RANGE.min6;
  known("mtu", (mtu) =>
    inRange(mtu, leastMtu, MTU_RANGE.max)
      ? undefined
      : `must be a whole number from ${leastMtu} to ${MTU_RANGE.max}`,
  );
  known("domain", domainProblem);
  for (const { property, reason } of zoneProblems(news.zone, news.hosts))
    failures.push({ property, reason });
  known("outbound", (value) => (typeof value === "boolean" ? undefined : "must be true or false"));
  known("dnsServers", dnsProblem);
  known("records", recordsProblem);
  const cidr = failures.some(({ property }) => property === "cidr") ? undefined : news.cidr;
  const hosts = membersOf(news.hosts);
  known("hosts", () => hostsProblem(hosts, isUnknown(cidr) ? undefined : cidr));
  known("hosts", () => machinesProblem(hosts, driver));
  for (const { property, reason } of nameServerProblems({
    ...news,
    driver,
    hosts: Array.isArray(hosts) ? hosts : [],
  }))
    refuse(property, reason);
  failures.push(...inUseProblems(olds, news));
  return { inputs: { ...news, hosts }, failures };
}

function networkIdProblem(value: unknown): string | undefined {
  const problem = nameProblem(value);
  if (problem !== undefined) return problem;
  return String(value).length > 50 ? "must have at most 50 characters" : undefined;
}

function optionProblemsOf(driver: DriverName | undefined, options: unknown) {
  if (driver === undefined || options === undefined || isUnknown(options)) return [];
  if (typeof options !== "object" || options === null || Array.isArray(options))
    return [{ option: "", reason: "must be an object of the driver's options" }];
  return DRIVERS[driver].plan.optionProblems(options as Record<string, unknown>);
}

function encryptionProblem(driver: DriverName | undefined, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "boolean") return "must be true or false";
  if (driver === undefined) return undefined;
  const { encrypts } = factsOf(driver);
  if (value && encrypts === "never") return `must be false: driver ${driver} does not encrypt`;
  if (!value && encrypts === "always") return `must be true: driver ${driver} always encrypts`;
  return undefined;
}

/** A driver that encrypts if it is told how has to be, where hosts are not on a private network. */
function optionalEncryptionProblems(
  driver: DriverName | undefined,
  { encryption, driverOptions = {}, hosts }: VirtualNetworkInputs,
): ["driverOptions.password" | "encryption", string][] {
  if (driver === undefined || factsOf(driver).encrypts !== "optional") return [];
  if (isUnknown(encryption) || isUnknown(driverOptions)) return [];
  const encrypts = DRIVERS[driver].plan.encrypts?.(driverOptions) === true;
  if (encryption === false && encrypts)
    return [["encryption", `must be left out: with a password driver ${driver} encrypts`]];
  if (encryption === false || encrypts) return [];
  if (encryption === true)
    return [["driverOptions.password", `must be given: driver ${driver} encrypts with a password`]];
  const exposed = !Array.isArray(hosts)
    ? []
    : hosts.filter(({ underlay }) => typeof underlay === "string" && isPublic(underlay));
  if (exposed.length === 0) return [];
  const names = exposed.map(({ name, underlay }) => `${name} (${underlay})`).join(", ");
  return [
    [
      "driverOptions.password",
      `must be given, as not all hosts are on a private network: ${names}; or set encryption to false`,
    ],
  ];
}

function cidrProblem(value: unknown): string | undefined {
  const cidr = typeof value === "string" ? parseCidr(value) : undefined;
  if (!cidr)
    return `must be a network such as 10.42.0.0/16, without host bits, not ${quoted(value)}`;
  if (cidr.family !== 4)
    return `must be an IPv4 network, and ${quoted(value)} is IPv6: give it as cidr6, beside IPv4`;
  if (cidr.prefix > 30)
    return `must have room for hosts and containers, and /${cidr.prefix} has none`;
  return undefined;
}

function cidr6Problem(
  value: unknown,
  cidr: unknown,
  driver: DriverName | undefined,
): string | undefined {
  if (value === undefined) return undefined;
  if (driver !== undefined && !factsOf(driver).ipv6)
    return `must be left out: driver ${driver} carries no IPv6`;
  if (typeof value !== "string" || parseCidr(value)?.family !== 6)
    return `must be an IPv6 network such as fd12:3456:789a::/64, without host bits, not ${quoted(value)}`;
  if (typeof cidr !== "string" || isUnknown(cidr) || parseCidr(cidr)?.family !== 4)
    return undefined;
  return Twins.of({ cidr, cidr6: value })
    ? undefined
    : `must have an address for each of ${cidr}, and ${value} has fewer`;
}

function domainProblem(value: unknown): string | undefined {
  const fits =
    typeof value === "string" &&
    value.length <= 200 &&
    value.split(".").every((label) => LABEL.test(label));
  return fits ? undefined : `must be a domain name such as app.clocker, not ${quoted(value)}`;
}

function dnsProblem(value: unknown): string | undefined {
  if (!Array.isArray(value)) return "must be a list of IP addresses";
  const wrong: unknown = value.find(
    (server) => !isUnknown(server) && (typeof server !== "string" || !parseAddress(server)),
  );
  return wrong === undefined ? undefined : `must hold IP addresses, and ${quoted(wrong)} is none`;
}

export function recordsProblem(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return "must map names to addresses";
  for (const [name, addresses] of Object.entries(value)) {
    if (name.length > 200 || !name.split(".").every((label) => LABEL.test(label)))
      return `has the name ${quoted(name)}, which is no host name`;
    if (isUnknown(addresses)) continue;
    if (!Array.isArray(addresses)) return `must map ${name} to a list of addresses`;
    const wrong: unknown = addresses.find(
      (address) => !isUnknown(address) && (typeof address !== "string" || !parseAddress(address)),
    );
    if (wrong !== undefined) return `maps ${name} to ${quoted(wrong)}, which is no IP address`;
  }
  return undefined;
}

function hostsProblem(hosts: NetworkHost[], cidrText: string | undefined): string | undefined {
  if (!Array.isArray(hosts)) return "must be a list of hosts";
  const cidr = cidrText === undefined ? undefined : parseCidr(cidrText);
  const seen: { name: string; block: Cidr; underlay: string }[] = [];
  for (const host of hosts) {
    if (hasUnknown(host)) continue;
    const block = parseCidr(textOf(host.block));
    const gateway = parseAddress(textOf(host.gateway));
    if (!block)
      return `gives host ${host.name} the block ${quoted(host.block)}, which is no network`;
    if (cidr && !containsCidr(cidr, block))
      return `gives host ${host.name} the block ${host.block}, which is not in ${cidrText}`;
    if (!gateway || !containsAddress(block, gateway))
      return `gives host ${host.name} the gateway ${quoted(host.gateway)}, which is not in ${host.block}`;
    if (parseAddress(textOf(host.underlay))?.family !== 4)
      return `gives host ${host.name} the underlay address ${quoted(host.underlay)}, which is no IPv4 address, and by that hosts reach each other; give the host one as privateAddress`;
    for (const other of seen) {
      if (other.name === host.name) return `names host ${host.name} twice`;
      if (overlaps(other.block, block))
        return `gives hosts ${other.name} and ${host.name} overlapping blocks`;
      if (other.underlay === host.underlay)
        return `gives hosts ${other.name} and ${host.name} the same underlay address ${host.underlay}`;
    }
    seen.push({ name: host.name, block, underlay: host.underlay });
  }
  return undefined;
}

/** A machine without Docker has one address, and not every driver takes it. */
function machinesProblem(hosts: NetworkHost[], driver: DriverName | undefined): string | undefined {
  if (!Array.isArray(hosts)) return undefined;
  for (const { name, machine, block, gateway } of hosts) {
    if (machine === undefined || isUnknown(machine)) continue;
    if (typeof machine !== "boolean")
      return `must say with true or false whether ${name} is a machine without Docker`;
    if (!machine) continue;
    if (driver !== undefined && !factsOf(driver).takesMachines)
      return `has the machine ${name} without Docker, which driver ${driver} does not take`;
    if (!hasUnknown([block, gateway]) && block !== `${gateway}/32`)
      return `gives machine ${name} the block ${quoted(block)}, which is not its address ${gateway} alone`;
  }
  return undefined;
}

function inRange(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}

/** "" for what is no text, which is no address either. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function quoted(value: unknown): string {
  return typeof value === "string" ? `"${value.slice(0, 60)}"` : String(value);
}
