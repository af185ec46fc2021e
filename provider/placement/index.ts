export { type Explanation, explain, explainNot, type HostVerdict } from "./explain.js";
export type * from "./model.js";
export { compareNames } from "./order.js";
export { planAll } from "./plan.js";
export { parseLabelExpression } from "./constraints/label-expression.js";
