import type { ConstraintSpec } from "./model.js";

/** A spec in a few words, for sentences: `label zone=eu`, `affinity NOT TYPE db`. */
export function specText(spec: ConstraintSpec): string {
  switch (spec.kind) {
    case "label":
      return `label ${spec.expression}`;
    case "hostname":
      return `hostname ${spec.pattern}`;
    case "host":
      return `host ${spec.host}`;
    case "hostGroup":
      return `group ${spec.groups.join(" or ")}`;
    case "region":
    case "zone":
      return `${spec.kind} ${spec.in.join(" or ")}`;
    case "distance":
      return `within ${spec.withinKm} km of ${spec.place ?? `${spec.from.latitude},${spec.from.longitude}`}`;
    case "jurisdiction":
      return `jurisdiction ${[...(spec.allow ?? []), ...(spec.deny ?? []).map((each) => `not ${each}`)].join(" or ")}`;
    case "affinity":
      return `affinity ${[spec.rules].flat().join(", ")}`;
    case "predicate":
      return `predicate ${spec.name}`;
    case "maxContainers":
    case "maxPerHost":
    case "maxCpuUsage":
    case "maxMemoryUsage":
      return spec.max === undefined ? spec.kind : `${spec.kind} ${spec.max}`;
    case "group":
      return "group";
    case "distinct":
      return `distinct ${spec.label}`;
  }
}
