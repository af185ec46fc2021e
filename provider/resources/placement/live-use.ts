import type { ObserveOptions } from "../../host/observe.js";
import { PLANNING, secondsHeld } from "../../host/usage-script.js";
import { planAll } from "../../placement/index.js";
import type { Candidate, PlanInput, PlanResult, Usage } from "../../placement/model.js";
import { listing, percent } from "../../placement/words.js";

/** Why figures of live use cannot be the same in preview and up; undefined: they can, or nothing reads them. */
export function readAnew({ timeoutMs = 10_000, usage }: ObserveOptions): string | undefined {
  if (!usage || secondsHeld(usage.maxAgeSeconds, timeoutMs) > 0) return undefined;
  const spent = `${timeoutMs / 1000} s of observeTimeout, and ${PLANNING} s to plan,`;
  return `live use is read anew for every plan, so an up may decide otherwise than its preview: ${spent} leave nothing of ${usage.maxAgeSeconds} s (maxAgeSeconds)`;
}

/**
 * What goes elsewhere now than it would have by the figures of live use that an earlier plan, such as this up's preview,
 * had. Undefined: nothing. Only what is new is asked, since live use moves nothing.
 */
export function changedByUse(input: PlanInput, result: PlanResult): string | undefined {
  const changed = input.candidates.filter(({ usage }) => usage?.before !== undefined);
  const isNew = (name: string): boolean => {
    const host = result.assignments[name]?.host;
    return host === undefined || host !== input.previous.assignments[name]?.host;
  };
  if (changed.length === 0 || !input.requests.some(({ name }) => isNew(name))) return undefined;
  const earlier = planAll({ ...input, candidates: input.candidates.map(asBefore) });
  const others = input.requests.flatMap(({ name }) => {
    const now = result.assignments[name]?.host;
    const then = earlier.assignments[name]?.host;
    if (now === then) return [];
    if (now === undefined) return [`${name} has no host, not ${then}`];
    return [`${name} goes to ${now}, ${then === undefined ? "and had no host" : `not to ${then}`}`];
  });
  if (others.length === 0) return undefined;
  const seconds = Math.max(...changed.map(({ usage }) => usage?.before?.ageSeconds ?? 0));
  const figures = changed.flatMap(({ name, usage }) => (usage ? figuresOf(name, usage) : []));
  return `live use is another than ${ago(seconds)} ago (${listing(figures, 5)}): ${listing(others, 10)}`;
}

function asBefore(host: Candidate): Candidate {
  if (!host.usage?.before) return host;
  const { ageSeconds } = host.usage;
  // It was fresh when it was looked at.
  return { ...host, usage: { ...host.usage, ...host.usage.before, ageSeconds } };
}

/** `h1: cpu 20 % -> 62 %` */
function figuresOf(host: string, usage: Usage): string[] {
  return (["cpu", "memory"] as const).flatMap((what) => {
    const [then, now] = [usage.before?.[what], usage[what]];
    if (then === undefined || now === undefined || then === now) return [];
    return [`${host}: ${what} ${percent(then)} -> ${percent(now)}`];
  });
}

function ago(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
