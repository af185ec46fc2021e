import { COMMON_PROGRAMS } from "../../network/requirements.js";
import type { Probe } from "./probe-script.js";

/** Programs that every network driver uses, and the Debian package of each. */
const NEEDED = COMMON_PROGRAMS;

export const NEEDED_PROGRAMS = Object.keys(NEEDED);

/** The packages that are missing, Docker Engine first. */
export function missingPackages(probe: Probe, withDocker: boolean): string[] {
  const missing = NEEDED_PROGRAMS.filter((name) => !probe.commands.has(name));
  const packages = new Set(missing.map((name) => NEEDED[name] ?? name));
  return [...(withDocker ? ["docker.io"] : []), ...packages];
}
