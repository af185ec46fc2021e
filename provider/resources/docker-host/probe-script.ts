import { NEEDED_PROGRAMS } from "./packages.js";

/** What a host has of what we need, in one command that changes nothing. */
export interface Probe {
  /** Programs that are there. */
  commands: ReadonlySet<string>;
  /** Text of /etc/docker/daemon.json, or "". */
  daemonJson: string;
  /**
   * We have written daemon.json and not seen Docker start again with it. "taken": it has started since; "waiting": it has
   * not, and runs with the settings of before, or not at all.
   */
  pending: "no" | "waiting" | "taken";
  /** Command line of the running dockerd, or "". */
  daemonArguments: string;
  ipForward: boolean;
  /** Our file under /etc/sysctl.d has what it should. */
  sysctlFile: boolean;
  osId: string;
  osLike: string;
  osName: string;
  systemd: boolean;
}

export const SYSCTL_FILE = "/etc/sysctl.d/99-clocker.conf";
export const SYSCTL_TEXT = "net.ipv4.ip_forward = 1\n";
export const DAEMON_FILE = "/etc/docker/daemon.json";
/** A copy of the daemon.json that we wrote; there from before that is in place until Docker runs with it. */
export const PENDING_FILE = `${DAEMON_FILE}.clocker-pending`;

const PROGRAMS = ["docker", "dockerd", "apt-get", "systemctl", ...NEEDED_PROGRAMS].join(" ");

export const PROBE_SCRIPT = `
say() { printf '%s %s\\n' "$1" "$2"; }
for program in ${PROGRAMS}; do
  command -v "$program" >/dev/null 2>&1 && say command "$program"
done
say forward "$(cat /proc/sys/net/ipv4/ip_forward 2>/dev/null)"
say sysctl "$(cat ${SYSCTL_FILE} 2>/dev/null)"
[ -d /run/systemd/system ] && say systemd yes
if [ -r /etc/os-release ]; then
  ( . /etc/os-release; say os.id "$ID"; say os.like "$ID_LIKE"; say os.name "$PRETTY_NAME" )
fi
for file in /run/docker.pid /var/run/docker.pid; do
  [ -s "$file" ] && { say arguments "$(tr '\\000\\n' '  ' <"/proc/$(cat "$file")/cmdline" 2>/dev/null)"; break; }
done
if [ -e ${PENDING_FILE} ]; then # dockerd writes its process id when it starts
  if [ /run/docker.pid -nt ${PENDING_FILE} ]; then say pending taken; else say pending waiting; fi
fi
echo daemon.json
cat ${DAEMON_FILE} 2>/dev/null
exit 0`;

export function parseProbe(text: string): Probe {
  const marker = "\ndaemon.json\n";
  const at = `\n${text}`.indexOf(marker);
  const head = at < 0 ? text : text.slice(0, Math.max(0, at - 1));
  const values = new Map<string, string>();
  const commands = new Set<string>();
  for (const line of head.split("\n")) {
    const space = line.indexOf(" ");
    const [key, value] = space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
    if (key === "command") commands.add(value);
    else values.set(key, value.trim());
  }
  const get = (key: string) => values.get(key) ?? "";
  return {
    commands,
    daemonJson: at < 0 ? "" : `\n${text}`.slice(at + marker.length),
    pending: pendingIn(get("pending")),
    daemonArguments: get("arguments"),
    ipForward: get("forward") === "1",
    sysctlFile: get("sysctl") === SYSCTL_TEXT.trim(),
    osId: get("os.id"),
    osLike: get("os.like"),
    osName: get("os.name") || "an unknown system",
    systemd: get("systemd") === "yes",
  };
}

function pendingIn(word: string): Probe["pending"] {
  return word === "taken" || word === "waiting" ? word : "no";
}
