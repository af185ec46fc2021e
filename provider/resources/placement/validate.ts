import { parseAddress, parseCidr } from "../../ipam/cidr.js";
import type { CheckFailure } from "../../lifecycle.js";
import { parseLabelExpression } from "../../placement/index.js";
import { isUnknown } from "../../unknown.js";
import * as rule from "../../validation/rules.js";
import { Report } from "./report.js";

/** Longest pattern of host names: matching must stay quick. */
const MOST_PATTERN = 200;

const NAME = rule.matching(
  /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/,
  "must be a name: at most 63 letters, digits, '_', '.' or '-', the first a letter or digit",
);
const LABEL_NAME = /^[a-zA-Z0-9_][a-zA-Z0-9_.:/@+-]{0,252}$/;

/**
 * Everything that is wrong with the inputs of a plan, before any host is asked. Each failure names its property;
 * values are shown only where they are names, ranges or expressions, which are no secrets.
 */
export function validateInputs(news: unknown): CheckFailure[] {
  const report = new Report();
  report.object("", news, TOP, (it) => {
    report.keeps("cloud", it["cloud"], NAME);
    report.list("hosts", it["hosts"], (host, at) => checkHost(report, at, host));
    report.unique("hosts", it["hosts"], "host");
    report.list("constraints", it["constraints"], (spec, at) => checkConstraint(report, at, spec));
    report.list("strategies", it["strategies"], (spec, at) => checkStrategy(report, at, spec));
    report.object("pool", it["pool"], ["cidr", "networkPrefix"], (pool) => checkPool(report, pool));
    report.list("networks", it["networks"], (network, at) => checkNetwork(report, at, network));
    report.unique("networks", it["networks"], "network");
    report.list("requests", it["requests"], (request, at) => checkRequest(report, at, request));
    report.unique("requests", it["requests"], "container");
    report.keeps("observeTimeout", it["observeTimeout"], rule.number(0.1, 600));
  });
  return report.failures();
}

const TOP = [
  "meta",
  "cloud",
  "hosts",
  "constraints",
  "strategies",
  "pool",
  "networks",
  "requests",
  "observeTimeout",
  "earlier",
  "assignments",
  "allocations",
];

function checkHost(report: Report, at: string, host: unknown): void {
  const members = ["name", "connection", "labels", "capacity", "headroom"];
  report.object(at, host, [...members, "maxContainers", "underlay"], (it) => {
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
    report.object(`${at}.headroom`, it["headroom"], ["cpus", "memoryBytes"], (headroom) => {
      report.keeps(`${at}.headroom.cpus`, headroom["cpus"], rule.number(0, 1e6));
      report.keeps(`${at}.headroom.memoryBytes`, headroom["memoryBytes"], rule.whole(0, 2 ** 60));
    });
    report.keepsIfGiven(`${at}.maxContainers`, it["maxContainers"], rule.whole(0, 1e6));
    report.keepsIfGiven(`${at}.underlay`, it["underlay"], ADDRESS);
  });
}

function checkConstraint(report: Report, at: string, spec: unknown): void {
  const kind = report.kind(at, spec, ["label", "hostname", "host", "maxContainers"]);
  if (kind === "label") {
    report.object(at, spec, ["kind", "expression"], (it) => {
      report.keeps(`${at}.expression`, it["expression"], (value) => {
        if (typeof value !== "string") return "must be text such as zone=eu";
        const parsed = parseLabelExpression(value);
        return parsed.ok ? undefined : `is wrong: ${parsed.error}`;
      });
    });
  } else if (kind === "hostname") {
    report.object(at, spec, ["kind", "pattern"], (it) => {
      report.keeps(`${at}.pattern`, it["pattern"], (value) =>
        typeof value === "string" && value !== "" && value.length <= MOST_PATTERN
          ? undefined
          : `must be a pattern of 1 to ${MOST_PATTERN} characters, such as web-*`,
      );
    });
  } else if (kind === "host") {
    report.object(at, spec, ["kind", "host"], (it) => {
      report.keeps(`${at}.host`, it["host"], NAME);
    });
  } else if (kind === "maxContainers") {
    report.object(at, spec, ["kind", "max"], (it) => {
      report.keeps(`${at}.max`, it["max"], rule.whole(0, 1e6));
    });
  }
}

function checkStrategy(report: Report, at: string, spec: unknown): void {
  const kinds = ["random", "depthFirst", "breadthFirst", "leastContainers"];
  const kind = report.kind(at, spec, kinds);
  if (kind === undefined) return;
  report.object(at, spec, kind === "random" ? ["kind", "seed"] : ["kind"], (it) => {
    report.keepsIfGiven(`${at}.seed`, it["seed"], rule.text);
  });
}

function checkPool(report: Report, pool: Record<string, unknown>): void {
  report.keeps("pool.cidr", pool["cidr"], CIDR);
  report.keeps("pool.networkPrefix", pool["networkPrefix"], rule.whole(1, 30));
  const cidr = typeof pool["cidr"] === "string" ? parseCidr(pool["cidr"]) : undefined;
  const prefix = pool["networkPrefix"];
  if (cidr && typeof prefix === "number" && prefix < cidr.prefix) {
    report.add("pool.networkPrefix", `must be at least the pool's own /${cidr.prefix}`);
  }
}

function checkNetwork(report: Report, at: string, network: unknown): void {
  const members = ["name", "cidr", "blockPrefix", "reserved", "mtu"];
  report.object(at, network, members, (it) => {
    report.keeps(`${at}.name`, it["name"], NAME);
    report.keepsIfGiven(`${at}.cidr`, it["cidr"], CIDR);
    report.keeps(`${at}.blockPrefix`, it["blockPrefix"], rule.whole(1, 30));
    const cidr = typeof it["cidr"] === "string" ? parseCidr(it["cidr"]) : undefined;
    const prefix = it["blockPrefix"];
    if (cidr && typeof prefix === "number" && prefix < cidr.prefix) {
      report.add(`${at}.blockPrefix`, `must be at least the network's own /${cidr.prefix}`);
    }
    report.list(`${at}.reserved`, it["reserved"], (address, path) => {
      report.keeps(path, address, ADDRESS);
    });
    report.keepsIfGiven(`${at}.mtu`, it["mtu"], rule.whole(576, 65_535));
  });
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
    report.list(`${at}.volumes`, it["volumes"], (volume, path) => {
      report.keeps(path, volume, rule.text);
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
    report.unique(`${at}.networks`, it["networks"], "network", "network");
    report.list(`${at}.constraints`, it["constraints"], (spec, path) =>
      checkConstraint(report, path, spec),
    );
    report.list(`${at}.strategies`, it["strategies"], (spec, path) =>
      checkStrategy(report, path, spec),
    );
  });
}

const REQUEST = [
  "name",
  "application",
  "type",
  "cpus",
  "memoryBytes",
  "ports",
  "volumes",
  "networks",
  "revision",
  "stopFirst",
  "constraints",
  "strategies",
];

function checkPort(report: Report, at: string, port: unknown): void {
  report.object(at, port, ["hostPort", "protocol", "hostAddress"], (it) => {
    report.keeps(`${at}.hostPort`, it["hostPort"], rule.whole(1, 65_535));
    report.keeps(`${at}.protocol`, it["protocol"], rule.oneOf("tcp", "udp"));
    report.keeps(`${at}.hostAddress`, it["hostAddress"], (value) =>
      value === "" || isUnknown(value) ? undefined : ADDRESS(value),
    );
  });
}

function ADDRESS(value: unknown): string | undefined {
  return typeof value === "string" && parseAddress(value)
    ? undefined
    : "must be an IP address such as 10.20.0.5";
}

function CIDR(value: unknown): string | undefined {
  const cidr = typeof value === "string" ? parseCidr(value) : undefined;
  if (!cidr) return "must be a CIDR without host bits, such as 10.20.0.0/16";
  return cidr.family === 4 ? undefined : "must be IPv4: networks cannot use IPv6 yet";
}
