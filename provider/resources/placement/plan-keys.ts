import type { PlacementInputs } from "./inputs.js";

/** Compile-time complete: whether a difference in it is a difference of the plan. */
const KEYS: Readonly<Record<keyof PlacementInputs, boolean>> = {
  meta: false,
  cloud: true,
  hosts: true,
  constraints: true,
  strategies: true,
  pool: true,
  networks: true,
  requests: true,
  observeTimeout: false,
  earlier: false,
  assignments: true,
  allocations: true,
  preferences: true,
  functions: true,
  rebalance: true,
  replaceLost: true,
  supply: true,
  order: true,
  lost: true,
  hostSupply: true,
  names: true,
};

/** All that the inputs of a plan can hold. */
export const PLAN_KEYS = Object.keys(KEYS) as (keyof PlacementInputs)[];

/** What makes a plan another one. */
export const DECIDING_KEYS = PLAN_KEYS.filter((key) => KEYS[key]);
