import type { Platform } from "../model.js";
import { listing } from "../words.js";
import type { Constraint } from "./constraint.js";
import { declaredConstraint } from "./simple.js";

/** What `uname -m` says, in Docker's words. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
  armv7l: "arm",
  armv6l: "arm",
  i386: "386",
  i686: "386",
};

/** The image is built for the host's operating system and architecture. */
export function platformConstraint(platforms: readonly Platform[]): Constraint {
  const built = listing(platforms.map(platformText));
  return declaredConstraint("platform", ({ candidate }) => {
    const { platform, pending, notReady } = candidate;
    if (!platform) {
      // What a host says of itself cannot be held against one that cannot be asked.
      return pending === true || notReady !== undefined
        ? undefined
        : {
            one: `does not say its platform (the image is built for ${built})`,
            many: `do not say their platform (the image is built for ${built})`,
          };
    }
    if (platforms.some((each) => runsOn(each, platform))) return undefined;
    const what = `${platformText(platform)}, the image is built for ${built}`;
    return { one: `is ${what}`, many: `are ${what}` };
  });
}

/** Whether an image runs on a host. A newer arm runs what is built for an older one. */
export function runsOn(image: Platform, host: Platform): boolean {
  const wanted = canonical(image);
  const there = canonical(host);
  return (
    wanted.os === there.os &&
    wanted.arch === there.arch &&
    (wanted.variant === undefined ||
      there.variant === undefined ||
      level(wanted.variant) <= level(there.variant))
  );
}

function canonical({ os, arch, variant }: Platform): Platform {
  const lower = arch.toLowerCase();
  const known = lower === "armv7l" ? "v7" : lower === "armv6l" ? "v6" : variant;
  return {
    os: os.toLowerCase(),
    arch: ARCHITECTURES[lower] ?? lower,
    ...(known === undefined ? {} : { variant: known }),
  };
}

function level(variant: string): number {
  return Number(/\d+/.exec(variant)?.[0] ?? 0);
}

/** `linux/arm/v7`. */
export function platformText(platform: Platform): string {
  const { os, arch, variant } = canonical(platform);
  return [os, arch, ...(variant === undefined ? [] : [variant])].join("/");
}
