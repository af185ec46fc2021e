import { CloudError } from "../../errors.js";
import type { Transport } from "../../host/transport.js";
import { VXLAN_PROGRAMS } from "../../network/vxlan/requirements.js";
import { progress } from "../../progress.js";
import { redact } from "../../redact.js";
import type { Probe } from "./probe-script.js";

/** Programs that network drivers use, and the Debian package of each: the drivers' own lists. */
const NEEDED: Readonly<Record<string, string>> = VXLAN_PROGRAMS;

export const NEEDED_PROGRAMS = Object.keys(NEEDED);

/** The packages that are missing, Docker Engine first. */
export function missingPackages(probe: Probe, withDocker: boolean): string[] {
  const missing = NEEDED_PROGRAMS.filter((name) => !probe.commands.has(name));
  const packages = new Set(missing.map((name) => NEEDED[name] ?? name));
  return [...(withDocker ? ["docker.io"] : []), ...packages];
}

/** Waits for dpkg's lock, asks nothing, and fetches the package lists only when the names are not known. */
const INSTALL_SCRIPT = `
export DEBIAN_FRONTEND=noninteractive
install() { apt-get -q -y -o DPkg::Lock::Timeout=300 -o APT::Install-Recommends=false install "$@"; }
install "$@" || { apt-get -q -o DPkg::Lock::Timeout=300 update && install "$@"; }`;

/** Installs packages from the distribution. */
export async function installPackages(
  transport: Transport,
  probe: Probe,
  packages: readonly string[],
): Promise<void> {
  const host = transport.connection.name;
  const list = packages.join(", ");
  if (!probe.commands.has("apt-get"))
    throw new CloudError("unsupported", `cannot install ${list} on ${probe.osName}`, {
      host,
      hint: `Packages are installed on Debian and Ubuntu only; install ${list} there by hand and run again.`,
    });
  progress(`installing ${list}`);
  const result = await transport.script(INSTALL_SCRIPT, packages, {
    timeoutMs: 15 * 60_000,
    onOutput: (text) => {
      const line = /^(?:Get:\d+|Unpacking|Setting up) .*$/m.exec(text)?.[0];
      if (line) progress(line.slice(0, 80));
    },
  });
  if (result.code === 0) return;
  const said = `${result.stdout}\n${result.stderr}`
    .split("\n")
    .filter((line) => /^(E|Err|dpkg|W):?/.test(line))
    .slice(-6);
  throw new CloudError("command", `cannot install ${list} (exit code ${result.code})`, {
    host,
    reasons: said.map((line) => redact(line.trim())),
    hint: `Try "apt-get install ${packages.join(" ")}" on the host.`,
  });
}
