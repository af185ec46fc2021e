/** What is known of a host beyond its capacity. */

/** Live use of a host, looked at once for a plan and smoothed by who looked. */
export interface Usage {
  /** Share of all cores in use, 0 to 1. Absent: not known. */
  cpu?: number;
  /** Share of all memory in use, 0 to 1. Absent: not known. */
  memory?: number;
  /** Age of the newest sample in seconds, when the plan is made. */
  ageSeconds: number;
  /** What was measured before it, if that was another: what an earlier preview may have gone by. */
  before?: { cpu?: number; memory?: number; ageSeconds: number };
  /** Why a value is missing, e.g. "the host has no cgroup statistics". */
  missing?: string;
}

/** In Go's words, as Docker has them: `linux`, `amd64`, `arm64`, `arm`; `x86_64` and `aarch64` are understood. */
export interface Platform {
  os: string;
  arch: string;
  /** Of arm: `v6`, `v7`, `v8`. An image for an older variant runs on a newer one. */
  variant?: string;
}

/** A point on the earth, in degrees: latitude -90 to 90 (north), longitude -180 to 180 (east). */
export interface Coordinates {
  latitude: number;
  longitude: number;
}

/** Where a host stands. Region and zone default to the labels of that name. */
export interface Location {
  region?: string;
  zone?: string;
  /** ISO 3166-1 code of the country: `DE`. Its unions (EU, EEA) are known. */
  country?: string;
  /** Further jurisdictions it falls under, e.g. `GDPR`, `US-CA`. */
  jurisdictions?: string[];
  coordinates?: Coordinates;
}
