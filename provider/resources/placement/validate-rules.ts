import { parseAffinityRules, parseLabelExpression } from "../../placement/index.js";
import type { ConstraintSpec, StrategySpec } from "../../placement/model.js";
import { hasUnknown } from "../../unknown.js";
import * as rule from "../../validation/rules.js";
import type { Report } from "./report.js";

/** Longest pattern of host names: matching must stay quick. */
const MOST_PATTERN = 200;

export const NAME = rule.matching(
  /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/,
  "must be a name: at most 63 letters, digits, '_', '.' or '-', the first a letter or digit",
);
export const LABEL_NAME = /^[a-zA-Z0-9_][a-zA-Z0-9_.:/@+-]{0,252}$/;

/** Names of functions of the program. */
export const FUNCTION_NAME = rule.matching(
  /^[^\0-\x1f\x7f]{1,100}$/,
  "must be a name of 1 to 100 characters on one line",
);

type Members = Record<string, unknown>;
type Check = (report: Report, at: string, spec: Members) => void;

interface Kind {
  members: readonly string[];
  check?: Check;
}

const texts = (report: Report, at: string, value: unknown): void => {
  if (Array.isArray(value) && value.length === 0) report.add(at, "must name at least one");
  report.list(at, value, (item, path) => {
    report.keeps(path, item, (text) =>
      typeof text === "string" && text !== "" ? undefined : "must be text, not empty",
    );
  });
};

const share: Check = (report, at, spec) => {
  report.keepsIfGiven(`${at}.max`, spec["max"], rule.number(0, 1));
  age(report, at, spec);
};

const age: Check = (report, at, spec) =>
  void report.keepsIfGiven(`${at}.maxAgeSeconds`, spec["maxAgeSeconds"], rule.number(0, 86_400));

const scope: Check = (report, at, spec) =>
  void report.keepsIfGiven(`${at}.of`, spec["of"], rule.oneOf("type", "application"));

const named: Check = (report, at, spec) =>
  void report.keeps(`${at}.name`, spec["name"], FUNCTION_NAME);

const expression = (report: Report, at: string, value: unknown): void =>
  void report.keeps(at, value, (text) => {
    if (typeof text !== "string") return "must be text such as zone=eu";
    const parsed = parseLabelExpression(text);
    return parsed.ok ? undefined : `is wrong: ${parsed.error}`;
  });

/** Compile-time complete. */
const CONSTRAINTS: Record<ConstraintSpec["kind"], Kind> = {
  label: {
    members: ["expression"],
    check: (report, at, spec) => expression(report, `${at}.expression`, spec["expression"]),
  },
  hostname: {
    members: ["pattern", "syntax"],
    check: (report, at, spec) => {
      report.keepsIfGiven(`${at}.syntax`, spec["syntax"], rule.oneOf("glob", "regexp"));
      report.keeps(`${at}.pattern`, spec["pattern"], (value) => {
        if (typeof value !== "string" || value === "" || value.length > MOST_PATTERN)
          return `must be a pattern of 1 to ${MOST_PATTERN} characters, such as web-*`;
        return spec["syntax"] === "regexp" ? regexpProblem(value) : undefined;
      });
    },
  },
  host: {
    members: ["host"],
    check: (report, at, spec) => void report.keeps(`${at}.host`, spec["host"], NAME),
  },
  maxContainers: {
    members: ["max"],
    check: (report, at, spec) => void report.keeps(`${at}.max`, spec["max"], rule.whole(0, 1e6)),
  },
  maxCpuUsage: { members: ["max", "maxAgeSeconds"], check: share },
  maxMemoryUsage: { members: ["max", "maxAgeSeconds"], check: share },
  hostGroup: {
    members: ["groups"],
    check: (report, at, spec) => texts(report, `${at}.groups`, spec["groups"]),
  },
  group: {
    members: ["exclusive"],
    check: (report, at, spec) =>
      void report.keepsIfGiven(`${at}.exclusive`, spec["exclusive"], rule.flag),
  },
  region: {
    members: ["in"],
    check: (report, at, spec) => texts(report, `${at}.in`, spec["in"]),
  },
  zone: { members: ["in"], check: (report, at, spec) => texts(report, `${at}.in`, spec["in"]) },
  distance: {
    members: ["from", "withinKm", "place"],
    check: (report, at, spec) => {
      checkCoordinates(report, `${at}.from`, spec["from"]);
      report.keeps(`${at}.withinKm`, spec["withinKm"], rule.number(0, 20_038));
      report.keepsIfGiven(`${at}.place`, spec["place"], rule.text);
    },
  },
  jurisdiction: {
    members: ["allow", "deny"],
    check: (report, at, spec) => {
      if (spec["allow"] === undefined && spec["deny"] === undefined)
        report.add(at, "needs allow or deny, a list of jurisdictions such as DE or EU");
      for (const key of ["allow", "deny"])
        if (spec[key] !== undefined) texts(report, `${at}.${key}`, spec[key]);
    },
  },
  affinity: {
    members: ["rules"],
    check: (report, at, spec) => checkAffinity(report, `${at}.rules`, spec["rules"]),
  },
  maxPerHost: {
    members: ["max", "of"],
    check: (report, at, spec) => {
      report.keeps(`${at}.max`, spec["max"], rule.whole(1, 1e6));
      scope(report, at, spec);
    },
  },
  distinct: {
    members: ["label", "max", "of"],
    check: (report, at, spec) => {
      report.keeps(`${at}.label`, spec["label"], labelName);
      report.keepsIfGiven(`${at}.max`, spec["max"], rule.whole(1, 1e6));
      scope(report, at, spec);
    },
  },
  predicate: { members: ["name", "args"], check: named },
};

const scoring: Check = (report, at, spec) => {
  report.keepsIfGiven(`${at}.scoring`, spec["scoring"], rule.oneOf("exponential", "linear"));
  if (spec["weights"] === undefined) return;
  report.object(`${at}.weights`, spec["weights"], ["cpu", "memory"], (weights) => {
    for (const key of ["cpu", "memory"])
      report.keepsIfGiven(`${at}.weights.${key}`, weights[key], rule.number(0, 1000));
  });
};

/** Compile-time complete. */
const STRATEGIES: Record<StrategySpec["kind"], Kind> = {
  random: {
    members: ["seed"],
    check: (report, at, spec) => void report.keepsIfGiven(`${at}.seed`, spec["seed"], rule.text),
  },
  depthFirst: { members: [] },
  breadthFirst: { members: [] },
  leastContainers: { members: [] },
  lowestCpuUsage: { members: ["maxAgeSeconds"], check: age },
  lowestMemoryUsage: { members: ["maxAgeSeconds"], check: age },
  binpack: { members: ["scoring", "weights"], check: scoring },
  spread: { members: ["scoring", "weights"], check: scoring },
  spreadOver: {
    members: ["over"],
    check: (report, at, spec) => {
      if (Array.isArray(spec["over"]) && spec["over"].length === 0)
        report.add(`${at}.over`, "must name at least one label");
      report.list(`${at}.over`, spec["over"], (level, path) => checkLevel(report, path, level));
    },
  },
  comparator: { members: ["name", "args"], check: named },
  score: { members: ["name", "args"], check: named },
};

/** A constraint as the plan takes it. */
export function checkConstraint(report: Report, at: string, spec: unknown): void {
  checkKind(report, at, spec, CONSTRAINTS);
}

/** A strategy as the plan takes it. */
export function checkStrategy(report: Report, at: string, spec: unknown): void {
  checkKind(report, at, spec, STRATEGIES);
}

/** A wish with its weight. */
export function checkPreference(report: Report, at: string, preference: unknown): void {
  report.object(at, preference, ["weight", "prefer"], (it) => {
    report.keeps(`${at}.weight`, it["weight"], (value) =>
      typeof value === "number" && value >= -100 && value <= 100 && value !== 0
        ? undefined
        : "must be a number from -100 to 100, not 0",
    );
    checkConstraint(report, `${at}.prefer`, it["prefer"]);
  });
}

/** Affinity rules of a constraint or of a host. */
export function checkAffinity(report: Report, at: string, rules: unknown): void {
  const isText = (value: unknown): value is string => typeof value === "string";
  report.keeps(at, rules, (value) => {
    if (!isText(value) && !(Array.isArray(value) && value.every(isText)))
      return "must be a rule such as NOT TYPE web, or a list of them";
    if (hasUnknown(value)) return undefined;
    const parsed = parseAffinityRules(value);
    return parsed.ok ? undefined : `is wrong: ${parsed.error}`;
  });
}

export function checkCoordinates(report: Report, at: string, value: unknown): void {
  report.object(at, value, ["latitude", "longitude"], (it) => {
    report.keeps(`${at}.latitude`, it["latitude"], rule.number(-90, 90));
    report.keeps(`${at}.longitude`, it["longitude"], rule.number(-180, 180));
  });
}

export function checkExpressions(report: Report, at: string, value: unknown): void {
  report.list(at, value, (item, path) => expression(report, path, item));
}

function checkKind(
  report: Report,
  at: string,
  spec: unknown,
  kinds: Readonly<Record<string, Kind>>,
): void {
  const name = report.kind(at, spec, Object.keys(kinds));
  const kind = name === undefined ? undefined : kinds[name];
  if (!kind) return;
  report.object(at, spec, ["kind", ...kind.members], (it) => kind.check?.(report, at, it));
}

function checkLevel(report: Report, at: string, level: unknown): void {
  report.object(at, level, ["label", "targets"], (it) => {
    report.keeps(`${at}.label`, it["label"], labelName);
    if (it["targets"] === undefined) return;
    let total = 0;
    report.entries(`${at}.targets`, it["targets"], (_value, percent, path) => {
      if (report.keeps(path, percent, rule.number(0, 100))) total += Number(percent);
    });
    if (total > 100) report.add(`${at}.targets`, "must be percentages of together at most 100");
  });
}

function labelName(value: unknown): string | undefined {
  return typeof value === "string" && LABEL_NAME.test(value) ? undefined : "is not a label's name";
}

function regexpProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern);
    return undefined;
  } catch {
    return "must be a regular expression";
  }
}
