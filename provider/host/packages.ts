import { CloudError } from "../errors.js";
import { progress } from "../progress.js";
import { redact } from "../redact.js";
import type { Transport } from "./transport.js";

/** What a host's system is called, and whether it has apt. */
export interface PackageSystem {
  apt: boolean;
  name: string;
}

/** Asks a host. */
export async function packageSystemOf(transport: Transport): Promise<PackageSystem> {
  const { stdout } = await transport.script(SYSTEM, []);
  const [apt = "", name = ""] = stdout.split("\n");
  return { apt: apt !== "", name };
}

/** Where apt-get is, or an empty line; then what the system is called. */
const SYSTEM = `
command -v apt-get || echo
( . /etc/os-release && printf '%s\\n' "$PRETTY_NAME" ) 2>/dev/null || uname -s`;

/** Waits for dpkg's lock, asks nothing, and fetches the package lists only when the names are not known. */
const INSTALL_SCRIPT = `
export DEBIAN_FRONTEND=noninteractive
install() { apt-get -q -y -o DPkg::Lock::Timeout=300 -o APT::Install-Recommends=false install "$@"; }
install "$@" || { apt-get -q -o DPkg::Lock::Timeout=300 update && install "$@"; }`;

/** Installs packages from the distribution. */
export async function installPackages(
  transport: Transport,
  system: PackageSystem,
  packages: readonly string[],
): Promise<void> {
  const host = transport.connection.name;
  const list = packages.join(", ");
  if (!system.apt)
    throw new CloudError("unsupported", `cannot install ${list} on ${system.name}`, {
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
