/**
 * Policies for `@pulumi/policy`, as plain objects: importing them needs no package; a policy pack does.
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

/** All of them. */
export const policies: Policies = [
  imagePinned,
  maxContainersPerHost,
  memoryLimited,
  noPowerfulCapabilities,
  noSensitiveMounts,
];
