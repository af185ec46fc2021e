import { randomFillSync } from "node:crypto";
import type { Goal, Registration } from "../deployment/goal.js";
import type { Judge } from "../providers/provider.js";
import type { ResourceState } from "../state/model.js";
import { isProviderType } from "../urn.js";

/** A registration, once it is known who it is. */
export interface Registered {
  readonly goal: Goal;
  readonly registration: Registration;
  readonly urn: string;
  readonly old: ResourceState | undefined;
  /** As it will be; built up as its steps are applied. */
  readonly state: ResourceState;
  /** Something is wrong with it already, and was reported. */
  readonly invalid: boolean;
}

/** One registration on its way through the generator. */
export interface Subject extends Registered {
  /** undefined for components. */
  readonly provider: Judge | undefined;
  /** Deleted earlier in this operation because of another's delete-before-replace. */
  readonly recreating: boolean;
  readonly randomSeed: Uint8Array;
}

/** Whether a provider makes it: it is something outside the state. */
export const isManaged = ({ custom, type }: Pick<Goal, "custom" | "type">): boolean =>
  custom && !isProviderType(type);

/** What the program says of a resource, with what only its old state knows. */
export function newState(goal: Goal, urn: string, old: ResourceState | undefined): ResourceState {
  return {
    urn,
    type: goal.type,
    custom: goal.custom,
    inputs: goal.inputs,
    parent: goal.parent,
    protect: goal.protect ?? false,
    dependencies: goal.dependencies,
    provider: goal.provider,
    propertyDependencies: goal.propertyDependencies,
    additionalSecretOutputs: goal.additionalSecretOutputs,
    customTimeouts: goal.customTimeouts,
    importID: goal.importId,
    retainOnDelete: goal.retainOnDelete ?? false,
    deletedWith: goal.deletedWith,
    replaceWith: goal.replaceWith,
    ignoreChanges: goal.ignoreChanges,
    hideDiff: goal.hideDiff,
    replaceOnChanges: goal.replaceOnChanges,
    ...(goal.replacementTrigger === undefined
      ? {}
      : { replacementTrigger: goal.replacementTrigger }),
    ...(goal.resourceHooks === undefined ? {} : { resourceHooks: goal.resourceHooks }),
    ...(goal.sourcePosition === undefined ? {} : { sourcePosition: goal.sourcePosition }),
    ...(goal.stackTrace === undefined ? {} : { stackTrace: goal.stackTrace }),
    ...(old?.created === undefined ? {} : { created: old.created }),
    ...(old?.modified === undefined ? {} : { modified: old.modified }),
    ...(old?.unknownFields === undefined ? {} : { unknownFields: old.unknownFields }),
  };
}

const SEED_BYTES = 32;
/** Seeds are drawn many at a time: asking for randomness costs more than a small resource does. */
let seeds = Buffer.alloc(0);

/** 32 random bytes of its own for each resource: what a provider makes a name or a password from. */
export function newSeed(): Uint8Array {
  if (seeds.length === 0) seeds = randomFillSync(Buffer.alloc(SEED_BYTES * 64));
  const seed = seeds.subarray(0, SEED_BYTES);
  seeds = seeds.subarray(SEED_BYTES);
  return seed;
}
