/**
 * Policies for `@pulumi/policy`, as plain objects: importing them needs no package; a policy pack does. And what policies
 * of your own and unit tests need to ask a plan: `tryPlacement` places on paper, `plansIn` finds the plans of a stack,
 * `why`, `whyNot`, `whatIf` and `survival` answer as `clocker plan` does.
 *
 * ```ts
 * import { PolicyPack } from "@pulumi/policy";
 * import { policies } from "pulumi-clocker/policies";
 *
 * new PolicyPack("clocker", { policies });
 * ```
 */
import type { Policies } from "@pulumi/policy";
import { imagePinned } from "./image-pinned.js";
import { maxContainersPerHost } from "./max-containers-per-host.js";
import { memoryLimited } from "./memory-limited.js";
import { noPowerfulCapabilities } from "./no-powerful-capabilities.js";
import { noSensitiveMounts } from "./no-sensitive-mounts.js";
import { survivesHostLoss } from "./survives-host-loss.js";

export { imagePinned, type ImagePinnedConfig } from "./image-pinned.js";
export {
  maxContainersPerHost,
  type MaxContainersPerHostConfig,
} from "./max-containers-per-host.js";
export { memoryLimited, type MemoryLimitedConfig } from "./memory-limited.js";
export {
  noPowerfulCapabilities,
  type NoPowerfulCapabilitiesConfig,
} from "./no-powerful-capabilities.js";
export { noSensitiveMounts, type NoSensitiveMountsConfig } from "./no-sensitive-mounts.js";

export { survivesHostLoss, type SurvivesHostLossConfig } from "./survives-host-loss.js";
export { plansIn, type SeenPlan } from "./plans.js";
export { survival, whatIf, why, whyNot } from "../ask-plan.js";
export {
  tryPlacement,
  type Trial,
  type TrialArgs,
  type TrialContainer,
  type TrialHost,
} from "../try-placement.js";
export { constraint, prefer, strategy } from "../rules.js";
export type {
  Change,
  Explanation,
  HostLoss,
  HostVerdict,
  Move,
  Plan,
  PlanInput,
  PlanResult,
  Refusal,
  Stuck,
  Survival,
  WhatIf,
} from "../../provider/placement/index.js";

/** All of them. */
export const policies: Policies = [
  imagePinned,
  maxContainersPerHost,
  memoryLimited,
  noPowerfulCapabilities,
  noSensitiveMounts,
  survivesHostLoss,
];
