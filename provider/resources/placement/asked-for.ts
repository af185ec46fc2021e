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

/** True when some rule reads how busy the hosts are; only then is that second spent. */
export function needsUsage(news: PlacementInputs): boolean {
  const layers: Layer[] = [news, ...news.requests];
  return layers.some(({ constraints = [], strategies = [], preferences = [] }) =>
    [constraints, strategies, preferences]
      .filter((list) => !isUnknown(list))
      .flat()
      .some((spec) => LIVE.has("prefer" in spec ? spec.prefer.kind : spec.kind)),
  );
}

/** Images that hosts must have already, and of which the program does not say what they are built for. */
export function imagesToLookFor({ requests }: PlacementInputs): string[] {
  const images = requests.flatMap(({ image, platforms }) =>
    image === undefined || hasUnknown(image) || platforms !== undefined ? [] : [image],
  );
  return [...new Set(images)].sort();
}
