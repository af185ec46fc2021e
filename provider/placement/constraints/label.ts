import { hostsThat } from "../words.js";
import type { Constraint } from "./constraint.js";
import { type LabelExpression, labelComplaint, matchesLabels } from "./label-expression.js";

/** The host's labels must meet the expression. */
export function labelConstraint(expression: LabelExpression): Constraint {
  const { lacks, what } = labelComplaint(expression);
  return {
    name: "label",
    declared: true,
    applies: () => true,
    accepts: (_ask, host) =>
      host.candidate.labelsUnknown === true || matchesLabels(expression, host.candidate.labels),
    explain: (_ask, hosts) =>
      lacks
        ? `${hostsThat(hosts.length, "lacks", "lack")} label ${what}`
        : `${hostsThat(hosts.length, "has", "have")} label ${what}`,
    explainOne: () => `${lacks ? "lacks" : "has"} label ${what}`,
  };
}
