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

/**
 * The same for packages whose services are not to run as the distribution has them: $1 their names. While a package is set up, Debian asks
 * policy-rc.d whether services may be started; a host that has one of its own keeps it, and one of ours that a lost run left goes.
 */
const INSTALL_IDLE_SCRIPT = `
services=$1; shift
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ] || grep -q pulumi-clocker "$policy"; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\n# of pulumi-clocker, while it installs packages\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
( ${INSTALL_SCRIPT.trim()}
) || exit $?
for service in $services; do
  if [ -d /run/systemd/system ]; then
    systemctl disable --now "$service"
  else
    invoke-rc.d --force "$service" stop
    update-rc.d "$service" disable
  fi >/dev/null 2>&1 || true
done`;

/** Installs packages from the distribution. */
export async function installPackages(
  transport: Transport,
  system: PackageSystem,
  packages: readonly string[],
): Promise<void> {
  await install(transport, system, packages, INSTALL_SCRIPT, packages);
}

/** Installs packages of which only the programs are wanted: their services do not start, now or at boot. */
export async function installIdle(
  transport: Transport,
  system: PackageSystem,
  packages: readonly string[],
  services: readonly string[],
): Promise<void> {
  await install(transport, system, packages, INSTALL_IDLE_SCRIPT, [
    services.join(" "),
    ...packages,
  ]);
}

async function install(
  transport: Transport,
  system: PackageSystem,
  packages: readonly string[],
  script: string,
  args: readonly string[],
): Promise<void> {
  if (packages.length === 0) return;
  const host = transport.connection.name;
  const list = packages.join(", ");
  if (!system.apt)
    throw new CloudError("unsupported", `cannot install ${list} on ${system.name}`, {
      host,
      hint: `Packages are installed on Debian and Ubuntu only; install ${list} there by hand and run again.`,
    });
  progress(`installing ${list}`);
  const result = await transport.script(script, args, {
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
