import { CloudError } from "../errors.js";
import type { DriverContext } from "./driver.js";

/** What every driver runs on a host, and the Debian and Ubuntu package of each. DockerHost installs what is missing. */
export const COMMON_PROGRAMS: Readonly<Record<string, string>> = {
  ip: "iproute2",
  bridge: "iproute2",
  iptables: "iptables",
  "iptables-restore": "iptables",
  dnsmasq: "dnsmasq-base",
  flock: "util-linux",
  nsenter: "util-linux",
  perl: "perl-base",
};

/** The same for a machine without Docker, which finds the network's names in its hosts file. */
const MACHINE_PROGRAMS = {
  ...Object.fromEntries(Object.entries(COMMON_PROGRAMS).filter(([name]) => name !== "dnsmasq")),
  awk: "mawk",
};

/** Programs of a network that DockerHost has installed; a machine that is no DockerHost has nothing yet. */
export function commonPrograms(machine: boolean): Readonly<Record<string, string>> {
  return machine ? MACHINE_PROGRAMS : COMMON_PROGRAMS;
}

const LOOK = `for name; do command -v "$name" >/dev/null 2>&1 || echo "$name"; done`;

/** Those of the programs that the host lacks. */
export async function missingPrograms(
  { transport, signal }: DriverContext,
  programs: Readonly<Record<string, string>>,
): Promise<string[]> {
  const { stdout } = await transport.script(LOOK, Object.keys(programs), signal ? { signal } : {});
  return stdout.split("\n").filter((name) => Object.hasOwn(programs, name));
}

/** Packages of programs, each once. */
export function packagesOf(
  programs: Readonly<Record<string, string>>,
  names: readonly string[],
): string[] {
  return [...new Set(names.flatMap((name) => programs[name] ?? []))].sort();
}

/** Refuses a host that lacks programs, naming their packages. */
export async function requirePrograms(
  context: DriverContext,
  driver: string,
  programs: Readonly<Record<string, string>>,
): Promise<void> {
  const missing = await missingPrograms(context, programs);
  if (missing.length === 0) return;
  throw new CloudError("unsupported", `the network driver ${driver} needs ${missing.join(", ")}`, {
    host: context.transport.connection.name,
    hint: `Install the packages there: apt-get install -y ${packagesOf(programs, missing).join(" ")}`,
  });
}
