import ipaddr from "ipaddr.js";
import { parseReservations, REPORT_RESERVATIONS, type Reservation } from "./reservations.js";
import type { MachineUsage } from "./usage-script.js";

/** What a machine says of itself, without Docker. */
export interface Machine {
  hostname: string;
  /** Tells the machine apart from another at the same address: /etc/machine-id, or "". */
  machineId: string;
  cpus: number;
  memoryBytes: number;
  /** `uname -m`: x86_64, aarch64. */
  arch: string;
  kernel: string;
  /** From /etc/os-release: ID ("debian"), ID_LIKE and PRETTY_NAME. */
  os: { id: string; like: string; name: string };
  /** The address our connection arrives at (local: the one of the default route), its device and MTU. */
  underlay: { address: string; device: string; mtu: number };
  /** MTU of the link of each address of the machine, but for link-local ones. */
  mtus: Record<string, number>;
  /** CIDRs that the machine routes other than by default, device included: `10.1.0.0/24 eth0`. */
  routes: { cidr: string; device: string }[];
  /** Containers whose reservation changed since they were made, by Docker's id. */
  reservations: Record<string, Reservation>;
  /** Graphics and other accelerators by their device files: `/dev/nvidia0`, `/dev/dri/renderD128`. */
  devices: string[];
  /** Free bytes of the file system that Docker's images and containers are on; absent: could not be asked. */
  diskFreeBytes?: number;
  /** How busy it is; absent: not asked for, or the machine does not say. */
  usage?: MachineUsage;
}

/** One answer per line, `key value`; nothing of it needs root. */
export const OBSERVE_SCRIPT = `
say() { printf '%s %s\\n' "$1" "$2"; }
say hostname "$(hostname)"
say machine "$(cat /etc/machine-id 2>/dev/null)"
say cpus "$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)"
say memory "$(sed -n 's/^MemTotal: *\\([0-9]*\\) kB$/\\1/p' /proc/meminfo)"
say arch "$(uname -m)"
say kernel "$(uname -r)"
if [ -r /etc/os-release ]; then
  ( . /etc/os-release; say os.id "$ID"; say os.like "$ID_LIKE"; say os.name "$PRETTY_NAME" )
fi
address=$(printf '%s' "$SSH_CONNECTION" | cut -d' ' -f3)
case $address in
  "") address=$(ip -4 route get 1.1.1.1 2>/dev/null | sed -n 's/.* src \\([0-9.]*\\).*/\\1/p' | head -n1) ;;
esac
say address "$address"
ip -o addr show 2>/dev/null | while read -r _ device _ cidr _; do
  case $cidr in fe80:*) continue ;; esac
  { read -r mtu < "/sys/class/net/$device/mtu"; } 2>/dev/null || mtu=$(ip -o link show "$device" | sed -n 's/.* mtu \\([0-9]*\\).*/\\1/p')
  say at "\${cidr%/*} $mtu"
  if [ "\${cidr%/*}" = "$address" ]; then
    say device "$device"
    say mtu "$mtu"
  fi
done
{ ip -4 route show table main; ip -6 route show table main; } 2>/dev/null | while read -r cidr rest; do
  device=$(printf '%s' "$rest" | sed -n 's/.*dev \\([^ ]*\\).*/\\1/p')
  case $cidr in default|unreachable|blackhole|prohibit|fe80*) ;; *) say route "$cidr $device" ;; esac
done
${REPORT_RESERVATIONS}
for device in /dev/nvidia[0-9]* /dev/dri/renderD* /dev/kfd /dev/accel/accel*; do
  [ -e "$device" ] && say accelerator "$device"
done
root=$(sed -n 's/.*"data-root" *: *"\\([^"]*\\)".*/\\1/p' /etc/docker/daemon.json 2>/dev/null)
say disk "$(df -Pk "\${root:-/var/lib/docker}" 2>/dev/null | sed -n '2s/^.* \\([0-9][0-9]*\\)  *[0-9-]*%.*/\\1/p')"
exit 0`;

/** Reads the script's answer; numbers that are missing become 0. */
export function parseMachine(text: string, kind: "ssh" | "local"): Machine {
  const facts = new Map<string, string>();
  const routes: Machine["routes"] = [];
  const devices: string[] = [];
  const mtus: Machine["mtus"] = {};
  for (const line of text.split("\n")) {
    const space = line.indexOf(" ");
    if (space < 0) continue;
    const [key, value] = [line.slice(0, space), line.slice(space + 1).trim()];
    if (key === "route") {
      const [cidr = "", device = ""] = value.split(" ");
      const canonical = cidrOf(cidr);
      if (canonical) routes.push({ cidr: canonical, device });
    } else if (key === "at") {
      const [address = "", mtu = ""] = value.split(" ");
      if (Number(mtu) > 0) mtus[address] = Number(mtu);
    } else if (key === "accelerator" && value.startsWith("/")) devices.push(value);
    else if (!facts.has(key)) facts.set(key, value);
  }
  const get = (key: string) => facts.get(key) ?? "";
  const disk = get("disk");
  return {
    hostname: get("hostname"),
    machineId: get("machine"),
    cpus: Number(get("cpus")) || 0,
    memoryBytes: (Number(get("memory")) || 0) * 1024,
    arch: get("arch"),
    kernel: get("kernel"),
    os: { id: get("os.id"), like: get("os.like"), name: get("os.name") },
    underlay: {
      address: get("address") || (kind === "local" ? "127.0.0.1" : ""),
      device: get("device"),
      mtu: Number(get("mtu")) || 1500,
    },
    mtus,
    routes,
    reservations: parseReservations(text),
    devices: devices.sort(),
    ...(/^\d+$/.test(disk) ? { diskFreeBytes: Number(disk) * 1024 } : {}),
  };
}

/** A route's destination as a CIDR; a lone address has all of its bits. */
function cidrOf(destination: string): string | undefined {
  const [address = "", prefix] = destination.split("/");
  if (!ipaddr.isValid(address)) return undefined;
  const parsed = ipaddr.parse(address);
  return `${parsed.toString()}/${prefix ?? (parsed.kind() === "ipv4" ? "32" : "128")}`;
}
