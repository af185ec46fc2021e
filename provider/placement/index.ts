export { parseAffinityRules } from "./affinity/rule.js";
export { distanceKm } from "./constraints/distance.js";
export { jurisdictionsOf } from "./constraints/jurisdiction.js";
export { parseLabelExpression } from "./constraints/label-expression.js";
export { runsOn } from "./constraints/platform.js";
export { MAX_AGE } from "./constraints/usage.js";
export { dataOf } from "./data.js";
export {
  type Explanation,
  explain,
  explainNot,
  explainWhy,
  explainWhyNot,
  type HostVerdict,
} from "./explain.js";
export { ASSUMED } from "./host-state.js";
export { type HeadroomEvent, headroomEvent } from "./headroom-events.js";
export type * from "./model.js";
export { compareNames } from "./order.js";
export { planAll } from "./plan.js";
export { preferenceScore } from "./preferences.js";
export { evenScore, exponentialScore, linearScore, targetScore } from "./strategies/scores.js";
export { parseChanges } from "./parse-change.js";
export { survivesAnyLoss, survivesLossOf } from "./survival.js";
export { changedInput, changeText, whatIf } from "./what-if.js";
export { type Demand, supplyByPlaces, supplyOf } from "./supply.js";
