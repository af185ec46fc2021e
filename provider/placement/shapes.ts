import { hasFolders } from "./constraints/folders.js";
import type { PlacementRequest } from "./model.js";
import { sameData } from "./same-data.js";
import { TypeMap } from "./type-map.js";

/** Which requests are alike in all that rules look at, but for which ports, volumes and folders they have. */
export interface Shapes {
  /** The shape of each request, by position. */
  readonly of: Uint32Array;
  /** The first request of each shape, by the shape's number. */
  readonly firsts: readonly PlacementRequest[];
}

interface Shape {
  readonly shape: number;
  readonly first: PlacementRequest;
}

/**
 * Replicas of one type mostly come with equal words: so that what follows from them is worked out once, each is compared with
 * the one of its type that came before it.
 */
export function shapesOf(requests: readonly PlacementRequest[]): Shapes {
  const of = new Uint32Array(requests.length);
  const firsts: PlacementRequest[] = [];
  const latest = new TypeMap<Shape>();
  let last: Shape | undefined;
  requests.forEach((request, index) => {
    const { application, type } = request;
    // Replicas mostly follow each other, and then the map need not be asked.
    const isNext = last?.first.type === type && last.first.application === application;
    last = isNext ? last : latest.get(application, type);
    if (!last || !areAlike(last.first, request)) {
      last = { shape: firsts.push(request) - 1, first: request };
      latest.set(application, type, last);
    }
    of[index] = last.shape;
  });
  return { of, firsts };
}

function areAlike(a: PlacementRequest, b: PlacementRequest): boolean {
  return (
    a.cpus === b.cpus &&
    a.memoryBytes === b.memoryBytes &&
    a.diskBytes === b.diskBytes &&
    a.group === b.group &&
    a.ports.length > 0 === b.ports.length > 0 &&
    a.volumes.length > 0 === b.volumes.length > 0 &&
    hasFolders(a) === hasFolders(b) &&
    sameData(a.constraints, b.constraints) &&
    sameData(a.strategies, b.strategies) &&
    sameData(a.preferences, b.preferences) &&
    sameData(a.devices, b.devices) &&
    sameData(a.platforms, b.platforms)
  );
}
