import * as pulumi from "@pulumi/pulumi";

/** An amount of memory: bytes as a number, or text with a unit: "512 MiB", "2 GB", "1.5GiB", "64k". */
export type Memory = number | string;

/** A length of time: seconds as a number, or text with a unit: "500 ms", "30 seconds", "2m", "1 hour". */
export type Duration = number | string;

const memoryUnits: Record<string, number> = {
  "": 1,
  b: 1,
  k: 1024,
  kib: 1024,
  kb: 1e3,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  mb: 1e6,
  g: 1024 ** 3,
  gib: 1024 ** 3,
  gb: 1e9,
  t: 1024 ** 4,
  tib: 1024 ** 4,
  tb: 1e12,
};

const timeUnits: Record<string, number> = {
  "": 1,
  ms: 0.001,
  s: 1,
  sec: 1,
  second: 1,
  seconds: 1,
  m: 60,
  min: 60,
  minute: 60,
  minutes: 60,
  h: 3600,
  hour: 3600,
  hours: 3600,
};

function amount(
  property: string,
  value: number | string,
  units: Record<string, number>,
  example: string,
): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*$/.exec(String(value));
  const unit = match ? units[match[2]!.toLowerCase()] : undefined;
  if (!match || unit === undefined) {
    throw new pulumi.RunError(`${property}: not an amount; write for example ${example}`);
  }
  return Number(match[1]) * unit;
}

/** Bytes of an amount of memory. @throws RunError that names the property. */
export function bytesOf(property: string, value: Memory): number {
  return Math.round(amount(property, value, memoryUnits, '"512 MiB"'));
}

/** Seconds of a length of time. @throws RunError that names the property. */
export function secondsOf(property: string, value: Duration): number {
  return amount(property, value, timeUnits, '"30 seconds"');
}
