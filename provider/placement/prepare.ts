import { readAsks } from "./asks.js";
import { folderHome } from "./constraints/folders.js";
import type { Ask } from "./constraints/index.js";
import { FunctionFault } from "./functions.js";
import { type HostClass, HostClasses } from "./host-classes.js";
import { claimIngress } from "./ingress.js";
import type { PlanInput } from "./model.js";
import { shapesOf } from "./shapes.js";
import { World } from "./world.js";

/** A plan's input, read: nothing is placed yet. */
export interface Prepared {
  readonly world: World;
  /** In program order. */
  readonly asks: readonly Ask[];
  /** Of each ask, by position; an error says why its wishes cannot be read. Undefined: the request is not known. */
  readonly classes: readonly (HostClass | { error: string } | undefined)[];
}

/** Reads everything once: requests, rules, and what rules of affinity ask of whom. */
export function prepare(input: PlanInput): Prepared {
  const shapes = shapesOf(input.requests);
  const world = new World(input, shapes.firsts);
  const asks = readAsks(input.requests, shapes, world.scopes, world.rules);
  for (const ask of firstOfEach(asks)) world.rules.add(ask);
  for (const ask of asks) {
    if (ask.request.folders) ask.folderHome = folderHome(ask.request, input, world.hosts);
  }
  const closed = claimIngress(input, world.hosts);
  const unknown = new Set(input.undecided?.requests);
  const hostClasses = new HostClasses(world);
  const byShape: (HostClass | { error: string })[] = [];
  const classes = asks.map((ask) => {
    if (unknown.has(ask.name)) return undefined;
    const error = closed.get(ask.name);
    return error === undefined ? (byShape[ask.shape] ??= hostClasses.of(ask)) : { error };
  });
  if (world.affinity) {
    const error = sign(world, asks, classes);
    if (error !== undefined) {
      return { world, asks, classes: classes.map((each) => each && { error }) };
    }
  }
  return { world, asks, classes };
}

/** By shape. */
function firstOfEach(asks: readonly Ask[]): Ask[] {
  const firsts: Ask[] = [];
  for (const ask of asks) firsts[ask.shape] ??= ask;
  return firsts;
}

/** Gives each container its signature and its rules; the answer is what a function of the program did wrong. */
function sign(
  world: World,
  asks: readonly Ask[],
  classes: Prepared["classes"],
): string | undefined {
  try {
    world.affinity?.settle();
    asks.forEach((ask, i) => {
      const hostClass = classes[i];
      if (!hostClass || "error" in hostClass) return;
      ask.signature = world.affinity?.signatureOf(ask) ?? [];
      ask.rules = hostClass.rules;
    });
    return undefined;
  } catch (error) {
    if (error instanceof FunctionFault) return error.message;
    throw error;
  }
}
