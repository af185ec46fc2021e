import { MAX_AGE } from "../../placement/index.js";
import type { Layer } from "../../placement/model.js";
import { hasUnknown, isUnknown } from "../../unknown.js";
import type { PlacementInputs } from "./inputs.js";

const LIVE = new Set([
  "maxCpuUsage",
  "maxMemoryUsage",
  "lowestCpuUsage",
  "lowestMemoryUsage",
  "predicate",
  "comparator",
  "score",
]);

/** How old figures of live use may be, in seconds, for all rules that read them; undefined: none does. */
export function usageAge(news: PlacementInputs): number | undefined {
  const layers: Layer[] = [news, ...news.requests];
  const ages = layers.flatMap(({ constraints = [], strategies = [], preferences = [] }) =>
    [constraints, strategies, preferences]
      .filter((list) => !isUnknown(list))
      .flat()
      .map((spec) => ("prefer" in spec ? spec.prefer : spec))
      .filter(({ kind }) => LIVE.has(kind))
      .map((spec) => ("maxAgeSeconds" in spec ? spec.maxAgeSeconds : undefined) ?? MAX_AGE),
  );
  return ages.length > 0 ? Math.min(...ages) : undefined;
}

/** Whether some container publishes a port, on its host or on all, or some host serves a zone. */
export function asksForPorts({ requests, networks }: PlacementInputs): boolean {
  return (
    networks.some(({ zone }) => zone !== undefined) ||
    requests.some(
      ({ ports, ingress }) =>
        hasUnknown([ports, ingress]) || ports.length > 0 || (ingress ?? []).length > 0,
    )
  );
}

/** Images that hosts must have already, and of which the program does not say what they are built for. */
export function imagesToLookFor({ requests }: PlacementInputs): string[] {
  const images = requests.flatMap(({ image, platforms }) =>
    image === undefined || hasUnknown(image) || platforms !== undefined ? [] : [image],
  );
  return [...new Set(images)].sort();
}
