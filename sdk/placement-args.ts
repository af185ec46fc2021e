import * as pulumi from "@pulumi/pulumi";
import type {
  ConstraintSpec,
  DeviceRequest,
  Platform,
  Preference as PreferenceSpec,
  StrategySpec,
} from "../provider/placement/model.js";
import {
  constraintSpec,
  preferenceSpec,
  strategySpec,
  type Collect,
  type Constraint,
  type Preference,
  type Strategy,
} from "./rules.js";
import { bytesOf, type Memory } from "./units.js";

/** What a cloud, an application, a service and a container can ask of placement. */
export interface LayerArgs {
  /** Must hold for the host. A change moves a container only if its host no longer fits. @default [] */
  constraints?: Constraint[];
  /** Order the hosts. @default [] */
  strategies?: Strategy[];
  /** Wishes with weights; they decide before strategies. @default [] */
  preferences?: Preference[];
  /**
   * Clocker's affinity rules for what may be on the same host: `NOT TYPE db`, `APPLICATION`, `NOT NAME batch`,
   * `SOME TYPE cache`, `EMPTY`. All must hold. @default []
   */
  affinity?: string | string[];
}

/** Devices of one kind that a container has for itself. */
export interface DeviceArgs {
  /** `gpu`, `nvidia/gpu`: the host's device has this kind, or this kind after a `/`. */
  kind: string;
  /** @default 1 */
  count?: number;
  /** Label expressions on the device's attributes: `memory >= 16`, `model=A100`. @default [] */
  where?: string[];
}

/** What a container needs of its host. */
export interface NeedsArgs extends LayerArgs {
  /** Siblings for the `group` constraint. @default the container's type */
  group?: string;
  /** So many graphics cards, or which; the same as `accelerators` of kind `gpu`. A change replaces it. @default none */
  gpus?: number | Omit<DeviceArgs, "kind">;
  /** Devices that it has for itself, e.g. `"nvidia/gpu"`. A change replaces it. @default none */
  accelerators?: (string | DeviceArgs)[];
  /** Platforms that the image is built for: `linux/arm64`. @default what the hosts say of an image that is never pulled, else any */
  platform?: string | string[];
  /** Free disk that the host must have when the container is first placed there. @default not looked at */
  disk?: Memory;
}

/** @internal The lists of a layer as the plan takes them. */
export function layerOf(
  args: LayerArgs,
  collect: Collect,
): { constraints: ConstraintSpec[]; strategies: StrategySpec[]; preferences: PreferenceSpec[] } {
  const affinity = args.affinity ?? [];
  const rules = typeof affinity === "string" ? [affinity] : affinity;
  return {
    constraints: [
      ...(args.constraints ?? []).map((rule) => constraintSpec(rule, collect)),
      ...(rules.length > 0 ? [{ kind: "affinity" as const, rules }] : []),
    ],
    strategies: (args.strategies ?? []).map((rule) => strategySpec(rule, collect)),
    preferences: (args.preferences ?? []).map((rule) => preferenceSpec(rule, collect)),
  };
}

/** @internal One layer after another, as a service's come after its application's. */
export function joinLayers(outer: LayerArgs, inner: LayerArgs): LayerArgs {
  const rules = (affinity: string | string[] = []) =>
    typeof affinity === "string" ? [affinity] : affinity;
  return {
    constraints: [...(outer.constraints ?? []), ...(inner.constraints ?? [])],
    strategies: [...(outer.strategies ?? []), ...(inner.strategies ?? [])],
    preferences: [...(outer.preferences ?? []), ...(inner.preferences ?? [])],
    affinity: [...rules(outer.affinity), ...rules(inner.affinity)],
  };
}

/** @internal What a request has beside its lists; what is not asked for is left out. */
export function needsOf(
  at: (property: string) => string,
  args: NeedsArgs,
): {
  group?: string;
  devices?: DeviceRequest[];
  platforms?: Platform[];
  diskBytes?: number;
} {
  const devices = [
    ...(args.gpus === undefined
      ? []
      : [deviceRequest(typeof args.gpus === "number" ? { count: args.gpus } : args.gpus)]),
    ...(args.accelerators ?? []).map((item) =>
      deviceRequest(typeof item === "string" ? { kind: item } : item),
    ),
  ].filter(({ count }) => count !== 0);
  const platforms = typeof args.platform === "string" ? [args.platform] : (args.platform ?? []);
  return {
    ...(args.group === undefined ? {} : { group: args.group }),
    ...(devices.length > 0 ? { devices } : {}),
    ...(platforms.length > 0
      ? { platforms: platforms.map((text) => platformOf(at("platform"), text)) }
      : {}),
    ...(args.disk === undefined ? {} : { diskBytes: bytesOf(at("disk"), args.disk) }),
  };
}

function deviceRequest({ kind = "gpu", count = 1, where }: Partial<DeviceArgs>): DeviceRequest {
  return { kind, count, ...(where ? { where } : {}) };
}

/** @internal `linux/arm64`, `linux/arm/v7`, as Docker writes platforms. */
export function platformOf(property: string, text: string): Platform {
  const [os, arch, variant, ...rest] = text.split("/");
  if (!os || !arch || rest.length > 0) {
    throw new pulumi.RunError(
      `${property}: ${JSON.stringify(text)} is not a platform; write linux/amd64, linux/arm64 or linux/arm/v7`,
    );
  }
  return { os, arch, ...(variant ? { variant } : {}) };
}
