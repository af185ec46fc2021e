import type { HostSnapshot, ObserveOptions } from "../../host/observe.js";
import {
  explain,
  type Explanation,
  explainNot,
  planAll,
  type PlanInput,
  type PlanResult,
} from "../../placement/index.js";
import { isUnknown } from "../../unknown.js";
import { asksForPorts, imagesToLookFor, usageAge } from "./asked-for.js";
import { compileFunctions } from "./functions.js";
import type { PlacementState } from "./inputs.js";
import { toPlanInput } from "./plan-input.js";

/** A plan as `clocker plan` looks at it: the state's decisions, and what speaks for and against each host now. */
export interface PlanView {
  input: PlanInput;
  result: PlanResult;
}

/** What of the hosts the rules of a plan read. */
export function whatToObserve(state: PlacementState): ObserveOptions {
  const maxAgeSeconds = usageAge(state);
  return {
    timeoutMs: (isUnknown(state.observeTimeout) ? 10 : state.observeTimeout) * 1000,
    ...(maxAgeSeconds === undefined ? {} : { usage: { maxAgeSeconds } }),
    ...(asksForPorts(state) ? { ports: true } : {}),
    images: imagesToLookFor(state),
  };
}

/**
 * Makes the plan of a state again from fresh observations. What the state decided is kept where it may be; what the next
 * up would rebalance is its own question.
 */
export function viewPlan(state: PlacementState, snapshots: readonly HostSnapshot[]): PlanView {
  const { functions } = compileFunctions(state.functions);
  const { rebalance: _, ...input } = toPlanInput(state, state, snapshots, functions);
  return { input, result: planAll(input) };
}

/** `clocker plan --why web-3`: why it is there, and what was to be said of every other host. */
export function why(view: PlanView, name: string): Explanation | undefined {
  return explain(name, view.input, view.result);
}

/** `clocker plan --why-not web-3 h2`, in one sentence; undefined when the plan has no such container. */
export function whyNot(view: PlanView, name: string, host: string): string | undefined {
  const explanation = explain(name, view.input, view.result);
  return explanation && explainNot(explanation, host);
}
