import { describe, expect, it } from "vitest";
import {
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
  ['zone="eu', 'a value is expected after "=", but found """ at character 6'],
];

describe("a label expression", () => {
  it.each(matches)("%s on %j is %s", (text, labels, expected) => {
    const parsed = parseLabelExpression(text);
    expect(parsed).toMatchObject({ ok: true });
    expect(parsed.ok && matchesLabels(parsed.expression, labels)).toBe(expected);
  });

  it.each(errors)("%j is refused: %s", (text, error) => {
    expect(parseLabelExpression(text)).toEqual({
      ok: false,
      error: `label expression "${text}": ${error}`,
    });
  });
});
