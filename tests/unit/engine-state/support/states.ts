import { emptySnapshot } from "../../../../engine/state/manifest.js";
import type { ResourceState, Snapshot } from "../../../../engine/state/model.js";
import { SIGNATURE_KEY, SIGNATURES } from "../../../../engine/values/signatures.js";

export const STACK_URN = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev";

export function secret(value: unknown): Record<string, unknown> {
  return { [SIGNATURE_KEY]: SIGNATURES.secret, value };
}

export function rootStack(outputs?: Record<string, unknown>): ResourceState {
  return {
    urn: STACK_URN,
    custom: false,
    type: "pulumi:pulumi:Stack",
    ...(outputs ? { outputs } : {}),
  };
}

export function urnOf(name: string): string {
  return `urn:pulumi:dev::shop::test:index:Thing::${name}`;
}

export function thing(name: string, more: Partial<ResourceState> = {}): ResourceState {
  const base = { urn: urnOf(name), custom: true, type: "test:index:Thing", id: `id-${name}` };
  return { ...base, parent: STACK_URN, ...more };
}

export function snapshotOf(...resources: ResourceState[]): Snapshot {
  return { ...emptySnapshot(), resources: [rootStack(), ...resources] };
}
