import type { HostState } from "../host-state.js";
import type { Coordinates } from "../model.js";
import { hostsThat, kilometres } from "../words.js";
import type { Constraint } from "./constraint.js";

/** Mean radius of the earth. */
const RADIUS_KM = 6371.0088;

/** Great-circle distance by the haversine formula, in kilometres; exact to half a percent. */
export function distanceKm(a: Coordinates, b: Coordinates): number {
  const latitude = radians(b.latitude - a.latitude) / 2;
  const longitude = radians(b.longitude - a.longitude) / 2;
  const h =
    Math.sin(latitude) ** 2 +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(longitude) ** 2;
  return 2 * RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** At most so far from a place. */
export function distanceConstraint(spec: {
  from: Coordinates;
  withinKm: number;
  place?: string;
}): Constraint | { error: string } {
  const { from, withinKm } = spec;
  if (!isOnEarth(from)) {
    return { error: "distance: latitude must be from -90 to 90 and longitude from -180 to 180" };
  }
  const place = spec.place ?? `${from.latitude},${from.longitude}`;
  const limit = `${kilometres(withinKm)} around ${place}`;
  const distance = (host: HostState): number | undefined => {
    const coordinates = host.candidate.location?.coordinates;
    return coordinates && distanceKm(coordinates, from);
  };
  return {
    name: "distance",
    declared: true,
    applies: () => true,
    accepts: (_ask, host) => (distance(host) ?? Infinity) <= withinKm,
    explain: (_ask, hosts) => {
      const far = hosts.filter((host) => distance(host) !== undefined);
      const unknown = hosts.length - far.length;
      const nearest = [...far].sort((a, b) => (distance(a) ?? 0) - (distance(b) ?? 0))[0];
      const phrases = [
        ...(nearest
          ? [
              `${hostsThat(far.length, "is", "are")} not within ${limit} (nearest ${nearest.name} at ${kilometres(distance(nearest) ?? 0)})`,
            ]
          : []),
        ...(unknown > 0 ? [`${hostsThat(unknown, "has", "have")} no coordinates`] : []),
      ];
      return (unknown > far.length ? phrases.reverse() : phrases).join(", ");
    },
    explainOne: (_ask, host) => {
      const km = distance(host);
      return km === undefined
        ? `has no coordinates (${limit} is wanted)`
        : `is ${kilometres(km)} from ${place}, not within ${kilometres(withinKm)}`;
    },
  };
}

function isOnEarth({ latitude, longitude }: Coordinates): boolean {
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
}
