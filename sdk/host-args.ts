import * as pulumi from "@pulumi/pulumi";
import type { PlanHost } from "../provider/resources/placement/inputs.js";
import { platformOf } from "./placement-args.js";
import type { DockerHostArgs, LocationArgs } from "./resources/docker-host.js";
import { bytesOf } from "./units.js";

/** What placement reads of a host. */
export type HostPlacementArgs = Pick<
  DockerHostArgs,
  | "labels"
  | "group"
  | "location"
  | "platform"
  | "devices"
  | "affinity"
  | "drain"
  | "capacity"
  | "headroom"
  | "maxContainers"
  | "privateAddress"
>;

/** @internal As the plan takes it; what is not said is left out. */
export function placementArgsOf(
  name: string,
  args: HostPlacementArgs,
): Omit<PlanHost, "name" | "connection"> {
  const at = (property: string) => `DockerHost ${name}: ${property}`;
  const { capacity, headroom } = args;
  return {
    labels: args.labels ?? {},
    capacity: {
      ...(capacity?.cpus === undefined ? {} : { cpus: capacity.cpus }),
      ...(capacity?.memory === undefined
        ? {}
        : { memoryBytes: bytesOf(at("capacity.memory"), capacity.memory) }),
    },
    headroom: {
      cpus: headroom?.cpus ?? 0,
      memoryBytes: bytesOf(at("headroom.memory"), headroom?.memory ?? 0),
      ...(headroom?.disk === undefined
        ? {}
        : { diskBytes: bytesOf(at("headroom.disk"), headroom.disk) }),
    },
    ...(args.maxContainers === undefined ? {} : { maxContainers: args.maxContainers }),
    ...(args.privateAddress === undefined ? {} : { underlay: args.privateAddress }),
    ...factsOf(at, args),
  };
}

function factsOf(
  at: (property: string) => string,
  { group, location, platform, devices, affinity, drain }: HostPlacementArgs,
): Partial<PlanHost> {
  return {
    ...(group === undefined ? {} : { groups: listOf(group) }),
    ...(location === undefined ? {} : { location: locationOf(at("location"), location) }),
    ...(platform === undefined ? {} : { platform: platformOf(at("platform"), platform) }),
    ...(devices === undefined
      ? {}
      : { devices: devices.map((device) => ({ attributes: {}, ...device })) }),
    ...(affinity === undefined ? {} : { affinity: listOf(affinity) }),
    ...(drain === true ? { drain } : {}),
  };
}

function listOf(value: string | string[]): string[] {
  return typeof value === "string" ? [value] : value;
}

function locationOf(property: string, args: LocationArgs): NonNullable<PlanHost["location"]> {
  const { latitude, longitude, jurisdiction, ...rest } = args;
  if ((latitude === undefined) !== (longitude === undefined)) {
    throw new pulumi.RunError(`${property}: latitude and longitude are needed together`);
  }
  return {
    ...rest,
    ...(jurisdiction === undefined ? {} : { jurisdictions: listOf(jurisdiction) }),
    ...(latitude === undefined || longitude === undefined
      ? {}
      : { coordinates: { latitude, longitude } }),
  };
}
