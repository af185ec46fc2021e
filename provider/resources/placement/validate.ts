import { parseAddress, parseCidr } from "../../ipam/cidr.js";
import { DRIVER_FACTS, isDriverName } from "../../ipam/driver-facts.js";
import type { CheckFailure } from "../../lifecycle.js";
import { isUnknown } from "../../unknown.js";
import * as rule from "../../validation/rules.js";
import { PLAN_KEYS } from "./plan-keys.js";
import { Report } from "./report.js";
import { checkMachine, refuseSharedNames } from "./validate-machine.js";
import {
  checkAffinity,
  checkConstraint,
  checkCoordinates,
  checkExpressions,
  checkPreference,
  checkStrategy,
  FUNCTION_NAME,
  LABEL_NAME,
  NAME,
} from "./validate-rules.js";

/**
 * Everything that is wrong with the inputs of a plan, before any host is asked. Each failure names its property;
 * values are shown only where they are names, ranges or expressions, which are no secrets.
 */
export function validateInputs(news: unknown): CheckFailure[] {
  const report = new Report();
  report.object("", news, PLAN_KEYS, (it) => {
    report.keeps("cloud", it["cloud"], NAME);
    report.list("hosts", it["hosts"], (host, at) => checkHost(report, at, host));
    report.unique("hosts", it["hosts"]);
    checkLayer(report, "", it);
    checkCloudSettings(report, it);
    report.object("pool", it["pool"], ["cidr", "networkPrefix"], (pool) => checkPool(report, pool));
    report.list("networks", it["networks"], (network, at) => checkNetwork(report, at, network));
    report.unique("networks", it["networks"]);
    refuseSharedNames(report, it["hosts"], it["networks"]);
    report.list("requests", it["requests"], (request, at) => checkRequest(report, at, request));
    report.unique("requests", it["requests"]);
    report.keeps("observeTimeout", it["observeTimeout"], rule.number(0.1, 600));
  });
  return report.failures(news);
}

/** Constraints, strategies and preferences of the cloud or of a container. */
function checkLayer(report: Report, at: string, layer: Record<string, unknown>): void {
  const path = (key: string) => (at === "" ? key : `${at}.${key}`);
  const lists = { constraints: checkConstraint, strategies: checkStrategy };
  for (const [key, check] of Object.entries(lists)) {
    report.list(path(key), layer[key], (spec, item) => check(report, item, spec));
  }
  if (layer["preferences"] === undefined) return;
  report.list(path("preferences"), layer["preferences"], (spec, item) =>
    checkPreference(report, item, spec),
  );
}

/** What a cloud asks for beside its rules. */
function checkCloudSettings(report: Report, it: Record<string, unknown>): void {
  if (it["functions"] !== undefined)
    report.object("functions", it["functions"], FUNCTION_KINDS, (kinds) => {
      for (const kind of FUNCTION_KINDS) {
        if (kinds[kind] === undefined) continue;
        report.entries(`functions.${kind}`, kinds[kind], (name, text, at) => {
          report.keeps(at, name, FUNCTION_NAME);
          report.keeps(at, text, rule.text);
        });
      }
    });
  if (it["rebalance"] !== undefined)
    report.object(
      "rebalance",
      it["rebalance"],
      ["maxMoves", "applications", "limits"],
      (rebalance) => {
        report.keepsIfGiven("rebalance.maxMoves", rebalance["maxMoves"], rule.whole(0, 1e6));
        if (rebalance["limits"] !== undefined)
          report.entries("rebalance.limits", rebalance["limits"], (_name, limit, at) => {
            report.keeps(at, limit, rule.whole(0, 1e6));
          });
        if (rebalance["applications"] !== undefined)
          report.list("rebalance.applications", rebalance["applications"], (name, at) => {
            report.keeps(at, name, rule.text);
          });
      },
    );
  report.keepsIfGiven("replaceLost", it["replaceLost"], rule.flag);
  if (it["supply"] !== undefined) checkSupply(report, it["supply"]);
}

const FUNCTION_KINDS = ["predicates", "comparators", "scores", "containers"];

function checkSupply(report: Report, supply: unknown): void {
  const members = ["headroom", "minHosts", "maxHosts", "maxContainers", "hostShape"];
  report.object("supply", supply, members, (it) => {
    const kinds = ["count", "percent", "cpus", "memoryBytes"];
    report.object("supply.headroom", it["headroom"], kinds, (headroom) => {
      report.keepsIfGiven("supply.headroom.count", headroom["count"], rule.whole(0, 1e6));
      report.keepsIfGiven("supply.headroom.percent", headroom["percent"], rule.number(0, 0.99));
      report.keepsIfGiven("supply.headroom.cpus", headroom["cpus"], rule.number(0, 1e6));
      const { memoryBytes } = headroom;
      report.keepsIfGiven("supply.headroom.memoryBytes", memoryBytes, rule.whole(0, 2 ** 60));
    });
    report.keepsIfGiven("supply.minHosts", it["minHosts"], rule.whole(0, 1e6));
    report.keepsIfGiven("supply.maxHosts", it["maxHosts"], rule.whole(0, 1e6));
    report.keepsIfGiven("supply.maxContainers", it["maxContainers"], rule.whole(1, 1e6));
    if (Number(it["minHosts"] ?? 0) > Number(it["maxHosts"] ?? Infinity))
      report.add("supply.minHosts", "must not be above maxHosts");
    if (it["hostShape"] === undefined) return;
    report.object("supply.hostShape", it["hostShape"], ["cpus", "memoryBytes"], (shape) => {
      report.keeps("supply.hostShape.cpus", shape["cpus"], rule.number(0.01, 1e6));
      report.keeps("supply.hostShape.memoryBytes", shape["memoryBytes"], rule.whole(1, 2 ** 60));
    });
  });
}

function checkHost(report: Report, at: string, host: unknown): void {
  const members = ["name", "connection", "labels", "capacity", "headroom"];
  report.object(at, host, [...members, ...HOST_OPTIONS], (it) => {
    report.keeps(`${at}.name`, it["name"], NAME);
    report.entries(`${at}.labels`, it["labels"], (key, value, path) => {
      if (!LABEL_NAME.test(key)) report.add(path, "is not a label's name");
      report.keeps(path, value, rule.text);
    });
    report.object(`${at}.capacity`, it["capacity"], ["cpus", "memoryBytes"], (capacity) => {
      report.keepsIfGiven(`${at}.capacity.cpus`, capacity["cpus"], rule.number(0.01, 1e6));
      report.keepsIfGiven(
        `${at}.capacity.memoryBytes`,
        capacity["memoryBytes"],
        rule.whole(1, 2 ** 60),
      );
    });
    const reserved = ["cpus", "memoryBytes", "diskBytes"];
    report.object(`${at}.headroom`, it["headroom"], reserved, (headroom) => {
      const { diskBytes } = headroom;
      report.keepsIfGiven(`${at}.headroom.diskBytes`, diskBytes, rule.whole(0, 2 ** 60));
      report.keeps(`${at}.headroom.cpus`, headroom["cpus"], rule.number(0, 1e6));
      report.keeps(`${at}.headroom.memoryBytes`, headroom["memoryBytes"], rule.whole(0, 2 ** 60));
    });
    report.keepsIfGiven(`${at}.maxContainers`, it["maxContainers"], rule.whole(0, 1e6));
    report.keepsIfGiven(`${at}.underlay`, it["underlay"], ADDRESS);
    report.keepsIfGiven(`${at}.drain`, it["drain"], rule.flag);
    if (it["groups"] !== undefined)
      report.list(`${at}.groups`, it["groups"], (name, path) => report.keeps(path, name, NAME));
    if (it["affinity"] !== undefined) checkAffinity(report, `${at}.affinity`, it["affinity"]);
    if (it["platform"] !== undefined) checkPlatform(report, `${at}.platform`, it["platform"]);
    if (it["location"] !== undefined) checkLocation(report, `${at}.location`, it["location"]);
    if (it["devices"] !== undefined) checkHostDevices(report, `${at}.devices`, it["devices"]);
  });
}

const HOST_OPTIONS = [
  "maxContainers",
  "underlay",
  "drain",
  "groups",
  "affinity",
  "platform",
  "location",
  "devices",
];

function checkPlatform(report: Report, at: string, platform: unknown): void {
  report.object(at, platform, ["os", "arch", "variant"], (it) => {
    report.keeps(`${at}.os`, it["os"], NAME);
    report.keeps(`${at}.arch`, it["arch"], NAME);
    report.keepsIfGiven(`${at}.variant`, it["variant"], NAME);
  });
}

function checkLocation(report: Report, at: string, location: unknown): void {
  const members = ["region", "zone", "country", "jurisdictions", "coordinates"];
  report.object(at, location, members, (it) => {
    for (const key of ["region", "zone"]) report.keepsIfGiven(`${at}.${key}`, it[key], rule.text);
    report.keepsIfGiven(`${at}.country`, it["country"], (value) =>
      typeof value === "string" && /^[A-Z]{2}$/.test(value)
        ? undefined
        : "must be a country's code of two capital letters (ISO 3166), such as DE",
    );
    if (it["jurisdictions"] !== undefined)
      report.list(`${at}.jurisdictions`, it["jurisdictions"], (name, path) => {
        report.keeps(path, name, NAME);
      });
    if (it["coordinates"] !== undefined)
      checkCoordinates(report, `${at}.coordinates`, it["coordinates"]);
  });
}

function checkHostDevices(report: Report, at: string, devices: unknown): void {
  report.list(at, devices, (device, path) => {
    report.object(path, device, ["kind", "attributes", "ids"], (it) => {
      report.keeps(`${path}.kind`, it["kind"], DEVICE_KIND);
      report.entries(`${path}.attributes`, it["attributes"], (key, value, where) => {
        if (!LABEL_NAME.test(key)) report.add(where, "is not a label's name");
        report.keeps(where, value, rule.text);
      });
      report.list(`${path}.ids`, it["ids"], (id, where) => report.keeps(where, id, DEVICE_ID));
    });
  });
}

const DEVICE_KIND = rule.matching(
  /^[a-zA-Z0-9][a-zA-Z0-9_./-]{0,99}$/,
  "must be a kind of device, such as gpu or nvidia/gpu",
);
const DEVICE_ID = rule.matching(
  /^[A-Za-z0-9/][A-Za-z0-9_.:/=-]{0,199}$/,
  "must be the id of a device, such as /dev/dri/renderD128, nvidia:0 or nvidia.com/gpu=0",
);

function checkPool(report: Report, pool: Record<string, unknown>): void {
  report.keeps("pool.cidr", pool["cidr"], CIDR);
  report.keeps("pool.networkPrefix", pool["networkPrefix"], rule.whole(1, 30));
  const cidr = typeof pool["cidr"] === "string" ? parseCidr(pool["cidr"]) : undefined;
  const prefix = pool["networkPrefix"];
  if (cidr?.family === 4 && typeof prefix === "number" && prefix < cidr.prefix) {
    report.add("pool.networkPrefix", `must be at least the pool's own /${cidr.prefix}`);
  }
}

function checkNetwork(report: Report, at: string, network: unknown): void {
  const members = ["name", "cidr", "blockPrefix", "reserved", "mtu"];
  const optional = [
    "driver",
    "encryption",
    "sameLink",
    "range",
    "machines",
    "ipv6",
    "cidr6",
    "gateway",
    "zone",
  ];
  report.object(at, network, [...members, ...optional], (it) => {
    report.keeps(`${at}.name`, it["name"], NAME);
    report.keepsIfGiven(`${at}.cidr`, it["cidr"], CIDR);
    report.keepsIfGiven(`${at}.ipv6`, it["ipv6"], rule.flag);
    report.keepsIfGiven(`${at}.cidr6`, it["cidr6"], CIDR6);
    if (it["ipv6"] === false && it["cidr6"] !== undefined) {
      report.add(`${at}.cidr6`, "is of no use where ipv6 is false");
    }
    report.keeps(`${at}.blockPrefix`, it["blockPrefix"], rule.whole(1, 30));
    const cidr = typeof it["cidr"] === "string" ? parseCidr(it["cidr"]) : undefined;
    const prefix = it["blockPrefix"];
    if (cidr?.family === 4 && typeof prefix === "number" && prefix < cidr.prefix) {
      report.add(`${at}.blockPrefix`, `must be at least the network's own /${cidr.prefix}`);
    }
    report.list(`${at}.reserved`, it["reserved"], (address, path) => {
      report.keeps(path, address, ADDRESS);
    });
    report.keepsIfGiven(`${at}.mtu`, it["mtu"], rule.whole(576, 65_535));
    report.keepsIfGiven(`${at}.driver`, it["driver"], driverProblem);
    report.keepsIfGiven(`${at}.encryption`, it["encryption"], rule.flag);
    report.keepsIfGiven(`${at}.sameLink`, it["sameLink"], rule.flag);
    report.keepsIfGiven(`${at}.range`, it["range"], CIDR);
    report.keepsIfGiven(`${at}.gateway`, it["gateway"], ADDRESS);
    if (it["zone"] !== undefined)
      report.object(`${at}.zone`, it["zone"], ["hosts", "port"], (zone) => {
        report.list(`${at}.zone.hosts`, zone["hosts"], (host, path) => {
          report.keeps(path, host, NAME);
        });
        report.keepsIfGiven(`${at}.zone.port`, zone["port"], rule.whole(1, 65_535));
      });
    if (it["machines"] === undefined) return;
    report.list(`${at}.machines`, it["machines"], (machine, path) =>
      checkMachine(report, path, machine),
    );
    report.unique(`${at}.machines`, it["machines"]);
  });
}

function driverProblem(value: unknown): string | undefined {
  if (value === "auto" || isDriverName(value)) return undefined;
  const known = ["auto", ...Object.keys(DRIVER_FACTS)].join(", ");
  return `must be one of ${known}, not ${typeof value === "string" ? `"${value.slice(0, 60)}"` : String(value)}`;
}

function checkRequest(report: Report, at: string, request: unknown): void {
  report.object(at, request, REQUEST, (it) => {
    report.keeps(`${at}.name`, it["name"], NAME);
    for (const key of ["application", "type", "revision"]) {
      report.keeps(`${at}.${key}`, it[key], rule.text);
    }
    report.keeps(`${at}.cpus`, it["cpus"], rule.number(0, 1e6));
    report.keeps(`${at}.memoryBytes`, it["memoryBytes"], rule.whole(0, 2 ** 60));
    report.keeps(`${at}.stopFirst`, it["stopFirst"], rule.flag);
    report.list(`${at}.ports`, it["ports"], (port, path) => checkPort(report, path, port));
    if (it["ingress"] !== undefined)
      report.list(`${at}.ingress`, it["ingress"], (port, path) =>
        report.object(path, port, ["hostPort", "protocol"], (open) =>
          checkPortNumber(report, path, open),
        ),
      );
    report.list(`${at}.volumes`, it["volumes"], (volume, path) => {
      report.keeps(path, volume, rule.text);
    });
    if (it["folders"] !== undefined)
      report.list(`${at}.folders`, it["folders"], (folder, path) => {
        report.keeps(path, folder, rule.text);
      });
    report.list(`${at}.networks`, it["networks"], (attachment, path) => {
      report.object(path, attachment, ["network", "address", "aliases"], (each) => {
        report.keeps(`${path}.network`, each["network"], NAME);
        report.keepsIfGiven(`${path}.address`, each["address"], ADDRESS);
        report.list(`${path}.aliases`, each["aliases"], (alias, where) => {
          report.keeps(where, alias, rule.text);
        });
      });
    });
    report.unique(`${at}.networks`, it["networks"], "network");
    checkLayer(report, at, it);
    report.keepsIfGiven(`${at}.group`, it["group"], rule.text);
    report.keepsIfGiven(`${at}.image`, it["image"], rule.text);
    report.keepsIfGiven(`${at}.diskBytes`, it["diskBytes"], rule.whole(0, 2 ** 60));
    if (it["devices"] !== undefined)
      report.list(`${at}.devices`, it["devices"], (device, path) =>
        checkDeviceRequest(report, path, device),
      );
    if (it["platforms"] !== undefined)
      report.list(`${at}.platforms`, it["platforms"], (platform, path) =>
        checkPlatform(report, path, platform),
      );
    if (it["dependsOn"] !== undefined)
      report.list(`${at}.dependsOn`, it["dependsOn"], (name, path) => {
        report.keeps(path, name, rule.text);
      });
  });
}

function checkDeviceRequest(report: Report, at: string, device: unknown): void {
  report.object(at, device, ["kind", "count", "where"], (it) => {
    report.keeps(`${at}.kind`, it["kind"], DEVICE_KIND);
    report.keeps(`${at}.count`, it["count"], rule.whole(1, 1000));
    if (it["where"] !== undefined) checkExpressions(report, `${at}.where`, it["where"]);
  });
}

const REQUEST = [
  "name",
  "application",
  "type",
  "cpus",
  "memoryBytes",
  "ports",
  "ingress",
  "volumes",
  "folders",
  "networks",
  "revision",
  "stopFirst",
  "constraints",
  "strategies",
  "preferences",
  "group",
  "image",
  "diskBytes",
  "devices",
  "platforms",
  "dependsOn",
];

function checkPort(report: Report, at: string, port: unknown): void {
  report.object(at, port, ["hostPort", "protocol", "hostAddress"], (it) => {
    checkPortNumber(report, at, it);
    report.keeps(`${at}.hostAddress`, it["hostAddress"], (value) =>
      value === "" || isUnknown(value) ? undefined : ADDRESS(value),
    );
  });
}

function checkPortNumber(report: Report, at: string, it: Record<string, unknown>): void {
  report.keeps(`${at}.hostPort`, it["hostPort"], rule.whole(1, 65_535));
  report.keeps(`${at}.protocol`, it["protocol"], rule.oneOf("tcp", "udp"));
}

function ADDRESS(value: unknown): string | undefined {
  return typeof value === "string" && parseAddress(value)
    ? undefined
    : "must be an IP address such as 10.20.0.5";
}

function CIDR(value: unknown): string | undefined {
  const cidr = typeof value === "string" ? parseCidr(value) : undefined;
  if (!cidr) return "must be a CIDR without host bits, such as 10.20.0.0/16";
  return cidr.family === 4 ? undefined : "must be IPv4: an IPv6 range goes beside it, in cidr6";
}

function CIDR6(value: unknown): string | undefined {
  return typeof value === "string" && parseCidr(value)?.family === 6
    ? undefined
    : "must be an IPv6 CIDR without host bits, such as fd12:3456:789a::/64";
}
