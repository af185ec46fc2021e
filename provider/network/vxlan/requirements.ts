import { CloudError } from "../../errors.js";
import type { DriverContext } from "../driver.js";

/** What the driver runs on a host, and the Debian and Ubuntu package of each. DockerHost installs what is missing. */
export const VXLAN_PROGRAMS = {
  ip: "iproute2",
  bridge: "iproute2",
  iptables: "iptables",
  "iptables-restore": "iptables",
  dnsmasq: "dnsmasq-base",
  flock: "util-linux",
  nsenter: "util-linux",
  perl: "perl-base",
};

const LOOK = `for name; do command -v "$name" >/dev/null 2>&1 || echo "$name"; done`;

/** Refuses a host that lacks programs, naming their packages. */
export async function requirePrograms({ transport, signal }: DriverContext): Promise<void> {
  const { stdout } = await transport.script(
    LOOK,
    Object.keys(VXLAN_PROGRAMS),
    signal ? { signal } : {},
  );
  const missing = stdout
    .split("\n")
    .filter((name): name is keyof typeof VXLAN_PROGRAMS => name in VXLAN_PROGRAMS);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => VXLAN_PROGRAMS[name]))].sort();
  throw new CloudError("unsupported", `the network driver vxlan needs ${missing.join(", ")}`, {
    host: transport.connection.name,
    hint: `Install the packages there: apt-get install -y ${packages.join(" ")}`,
  });
}
