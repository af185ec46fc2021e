import { describe, expect, it } from "vitest";
import {
  labelComplaint,
  matchesLabels,
  parseLabelExpression,
} from "../../../provider/placement/constraints/label-expression.js";

const matches: [expression: string, labels: Record<string, string>, expected: boolean][] = [
  ["zone=eu", { zone: "eu" }, true],
  ["zone=eu", { zone: "us" }, false],
  ["zone=eu", {}, false],
  ["zone = eu", { zone: "eu" }, true],
  ["zone!=eu", { zone: "us" }, true],
  ["zone!=eu", { zone: "eu" }, false],
  ["zone!=eu", {}, true],
  ["zone in (eu,us)", { zone: "us" }, true],
  ["zone in (eu, us)", { zone: "ap" }, false],
  ["zone in (eu)", {}, false],
  ["zone notin (eu,us)", { zone: "ap" }, true],
  ["zone notin (eu,us)", { zone: "eu" }, false],
  ["zone notin (eu)", {}, true],
  ["ssd exists", { ssd: "" }, true],
  ["ssd exists", {}, false],
  ["ssd !exists", {}, true],
  ["ssd !exists", { ssd: "yes" }, false],
  ['rack="row 4"', { rack: "row 4" }, true],
  ["example.com/tier=front-1", { "example.com/tier": "front-1" }, true],
  ["toString exists", {}, false],
  ["uses contains (web)", { uses: "db, web" }, true],
  ["uses contains (web,db)", { uses: "db, web" }, true],
  ["uses contains (web,api)", { uses: "db, web" }, false],
  ["uses contains (web)", {}, false],
  ["cores > 8", { cores: "8" }, false],
  ["cores > 8", { cores: "8.5" }, true],
  ["cores >= 8", { cores: "8" }, true],
  ["cores >= 8", { cores: "7" }, false],
  ["cores < 8", { cores: "8" }, false],
  ["cores < 8", { cores: "-1" }, true],
  ["cores <= 8", { cores: "8" }, true],
  ["cores <= 8", { cores: "9" }, false],
  ["cores < 8", { cores: "" }, false],
  ["cores < 8", { cores: "few" }, false],
  ["cores < 8", {}, false],
  ["temperature > -5", { temperature: "-4" }, true],
  ['model ~ "^A1"', { model: "A100" }, true],
  ['model ~ "^A1"', { model: "V100" }, false],
  ['model ~ "^A1"', {}, false],
  ['model !~ "^A1"', { model: "A100" }, false],
  ['model !~ "^A1"', { model: "V100" }, true],
  ['model !~ "^A1"', {}, true],
  ['engine version ">=24 <27"', { engine: "26.1" }, true],
  ['engine version ">=24, <27"', { engine: "27" }, false],
  ['engine version ">=24"', { engine: "new" }, false],
  ['engine version ">=24"', {}, false],
  ['engine version "~>1"', { engine: "1.9" }, true],
  ['engine version "~>1"', { engine: "2.0" }, false],
  ['engine version "~>1.2"', { engine: "1.9" }, true],
  ['engine version "~>1.2"', { engine: "1.1" }, false],
  ['engine version "~>1.2"', { engine: "2.0" }, false],
  ['engine version "~> 1.2.3"', { engine: "1.2.9" }, true],
  ['engine version "~> 1.2.3"', { engine: "1.3.0" }, false],
  ['kernel version ">=5.10.0-20"', { kernel: "v5.10.0-28" }, true],
];

const errors: [expression: string, error: string][] = [
  ["", "a label's name is expected first, but it ends there"],
  ["=eu", 'a label\'s name is expected first, but found "=" at character 1'],
  [
    "zone",
    'an operator is missing after "zone"; use =, !=, in (a,b), notin (a,b), contains (a,b), exists, !exists, >, >=, <, <=, ~, !~ or version',
  ],
  [
    "zone % eu",
    'unknown operator "%" at character 6; use =, !=, in (a,b), notin (a,b), contains (a,b), exists, !exists, >, >=, <, <=, ~, !~ or version',
  ],
  [
    "zone == eu",
    'unknown operator "==" at character 6; use =, !=, in (a,b), notin (a,b), contains (a,b), exists, !exists, >, >=, <, <=, ~, !~ or version',
  ],
  [
    "zone has eu",
    'unknown operator "has" at character 6; use =, !=, in (a,b), notin (a,b), contains (a,b), exists, !exists, >, >=, <, <=, ~, !~ or version',
  ],
  ["zone=", 'a value is expected after "=", but it ends there'],
  ["zone=eu us", 'nothing may follow, but found "us" at character 9'],
  ["zone in eu", '"(" is expected after "in", but found "eu" at character 9'],
  ["zone in (eu us)", '"," or ")" is expected in the list, but found "us" at character 13'],
  ["zone in ()", 'a value is expected in the list, but found ")" at character 10'],
  ["zone in (eu", '"," or ")" is expected in the list, but it ends there'],
  ["uses contains web", '"(" is expected after "contains", but found "web" at character 15'],
  ["cores > many", 'a number is expected after ">", but found "many" at character 9'],
  ['cores > " "', 'a number is expected after ">", but found " " at character 9'],
  ["cores >", 'a number is expected after ">", but it ends there'],
  ["engine >= 24.0.1", '"24.0.1" is a version, not a number; write engine version ">=24.0.1"'],
  ["model ~", 'a regular expression is expected after "~", but it ends there'],
  ['model ~ "("', '"(" is no regular expression'],
  [
    `model ~ "${"x".repeat(201)}"`,
    "a regular expression has at most 200 characters, this one has 201",
  ],
  ["engine version", 'a range is expected after "version", such as ">=24 <27", but it ends there'],
  [
    'engine version "new"',
    '"new" is no range of versions; write one such as ">=24 <27" or "~>1.2"',
  ],
  ['engine version " "', '" " is no range of versions; write one such as ">=24 <27" or "~>1.2"'],
  ["ssd exists now", 'nothing may follow, but found "now" at character 12'],
  ['zone="eu', 'a value is expected after "=", but found """ at character 6'],
];

describe("a label expression", () => {
  it.each(matches)("%s on %j is %s", (text, labels, expected) => {
    const parsed = parseLabelExpression(text);
    expect(parsed).toMatchObject({ ok: true });
    expect(parsed.ok && matchesLabels(parsed.expression, labels)).toBe(expected);
  });

  it.each([
    ["zone=eu", true, "zone=eu"],
    ["zone!=eu", false, "zone=eu"],
    ["zone in (eu, us)", true, "zone in (eu,us)"],
    ["zone notin (eu, us)", false, "zone in (eu,us)"],
    ["uses contains (web, db)", true, "uses with web,db"],
    ["ssd exists", true, "ssd"],
    ["ssd !exists", false, "ssd"],
    ["model ~ A", true, "model ~ A"],
    ["model !~ A", false, "model ~ A"],
    ["cores >= 08", true, "cores >= 08"],
    ['engine version ">=24"', true, "engine version >=24"],
  ])("%s: a host that does not match lacks (%s) label %s", (text, lacks, what) => {
    const parsed = parseLabelExpression(text);
    expect(parsed.ok && labelComplaint(parsed.expression)).toEqual({ lacks, what });
  });

  it.each(errors)("%j is refused: %s", (text, error) => {
    expect(parseLabelExpression(text)).toEqual({
      ok: false,
      error: `label expression "${text}": ${error}`,
    });
  });
});
