/** What was read of a machine's counters at one moment. */
export interface UsageReading {
  /** Seconds since the machine started. */
  up: number;
  /** Core-seconds that everything on it has used since then. */
  busy: number;
  /** Bytes that cannot be had without taking them from somebody; caches do not count. */
  memoryBytes: number;
  /** Seconds since 1970, by the machine's own clock. */
  at: number;
}

/** How busy a machine is: its last readings, from which `live-use.ts` works out figures. */
export interface MachineUsage {
  /** Oldest first; at least two. */
  readings: UsageReading[];
  /** Age of the last one in seconds. */
  ageSeconds: number;
  /** Seconds since 1970 by the machine's own clock when it was asked; absent: it did not say. */
  clock?: number;
}

/** Readings that are farther apart, in seconds, have no mean that says anything of now. */
export const LONGEST_GAP = 300;

/** Seconds that it may take to make a plan of what was observed. */
export const PLANNING = 20;

/**
 * For how many seconds a reading counts, with figures of at most `maxAgeSeconds`: it must not be too old when it is used,
 * even if another host takes all the time there is to answer. 0: every plan has it read anew.
 */
export function secondsHeld(maxAgeSeconds: number, timeoutMs: number): number {
  return Math.max(0, Math.floor(maxAgeSeconds - PLANNING - timeoutMs / 1000));
}

/** Where readings are kept, so that all plans go by the same ones: where only root writes, else with the login user. */
const FIND_FOLDER = `folder=/run/clocker
mkdir -p "$folder" 2>/dev/null
if ! [ -w "$folder" ]; then
  folder=\${XDG_RUNTIME_DIR:-\${HOME:-/nowhere}/.cache}/clocker
  mkdir -p "$folder" 2>/dev/null
  [ -w "$folder" ] || folder=
fi`;

/**
 * Reads the counters, unless the last reading is younger than $1 seconds: then that one counts, so that an up goes by what
 * its preview went by. Where the one before is too old to give a mean with, or there is none, it reads twice in $2
 * seconds. Prints all readings that are kept, as `reading <up> <used> <units a second> <bytes> <seconds since 1970>`,
 * and at the end `now <up> <seconds since 1970>`.
 *
 * The control group at the root of what the machine sees counts all of its processes: on a machine of its own that is
 * everything, in a virtual host that shares a kernel it is that host alone, where /proc/stat would tell of the machine
 * beneath. A memory limit of that group shows such a host too.
 */
export const USAGE_SCRIPT = `umask 022
hold=$1
window=$2
${FIND_FOLDER}
file=$folder/usage
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown)
group=/sys/fs/cgroup
read_memory() {
  total=$(sed -n 's/^MemTotal: *\\([0-9]*\\) kB$/\\1/p' /proc/meminfo)
  free=$(sed -n 's/^MemAvailable: *\\([0-9]*\\) kB$/\\1/p' /proc/meminfo)
  memory=$(((total - \${free:-0}) * 1024))
  for limit in $group/memory.max $group/memory/memory.limit_in_bytes; do
    most=$(cat "$limit" 2>/dev/null) || continue
    case $most in *[!0-9]*|"") continue ;; esac
    [ "\${#most}" -lt 16 ] && [ "$most" -lt $((total * 1024)) ] || continue
    inside=\${limit%/*}
    held=$(cat "$inside/memory.current" 2>/dev/null || cat "$inside/memory.usage_in_bytes")
    cache=$(sed -n -e 's/^total_inactive_file //p' "$inside/memory.stat")
    [ "$cache" ] || cache=$(sed -n -e 's/^inactive_file //p' "$inside/memory.stat")
    memory=$((held - \${cache:-0}))
  done
}
read_counters() {
  read_memory
  read -r up _ </proc/uptime
  if [ -r $group/cpu.stat ] && used=$(sed -n 's/^usage_usec //p' $group/cpu.stat) && [ "$used" ]; then
    unit=1000000
  elif used=$(cat $group/cpuacct/cpuacct.usage 2>/dev/null || cat $group/cpu,cpuacct/cpuacct.usage 2>/dev/null); then
    unit=1000000000
  else
    read -r _ user nice system _ _ irq soft steal _ </proc/stat
    used=$((user + nice + system + irq + soft + steal))
    unit=$(getconf CLK_TCK 2>/dev/null || echo 100)
  fi
  reading="$boot $up $used $unit $memory $(date +%s)"
}
# Two plans at once go by one reading.
if [ "$folder" ] && command -v flock >/dev/null; then exec 9<"$folder"; flock -w 10 9; fi
read_counters
last=$(tail -n 1 "$file" 2>/dev/null)
set -- $last
age=-1
# Another start of the machine, or of the group, counts from the beginning.
if [ "$#" -eq 6 ] && [ "$1" = "$boot" ] && [ "$4" = "$unit" ] &&
  [ "\${2%.*}" -le "\${up%.*}" ] && [ "$3" -le "$used" ]; then
  age=$((\${up%.*} - \${2%.*}))
fi
kept=
[ "$age" -ge 0 ] && kept=$(cat "$file")
added=
if [ "$age" -lt 0 ] || [ "$age" -gt ${LONGEST_GAP} ]; then
  added=$reading
  sleep "$window"
  read_counters
  added="$added
$reading"
elif [ "$age" -ge "$hold" ]; then
  if [ "$age" -eq 0 ]; then sleep 1; read_counters; fi
  added=$reading
fi
lines=$(printf '%s\\n%s\\n' "$kept" "$added" | sed '/^$/d' | tail -n 16)
if [ "$added" ] && [ "$folder" ]; then
  { printf '%s\\n' "$lines" >"$file.new" && mv -f "$file.new" "$file"; } 2>/dev/null
fi
printf '%s\\n' "$lines" | sed 's/^[^ ]* /reading /'
printf 'now %s %s\\n' "$up" "$(date +%s)"`;

/** Readings are gone with the host's last trace of ours. */
export const FORGET_USAGE = `${FIND_FOLDER}
[ "$folder" ] && rm -f "$folder/usage" "$folder/usage.new" && rmdir "$folder" 2>/dev/null
exit 0`;

/** From the script's output; undefined unless there are two readings. */
export function parseUsage(text: string): MachineUsage | undefined {
  const readings: UsageReading[] = [];
  let now: number | undefined;
  let clock: number | undefined;
  for (const line of text.split("\n")) {
    const [key = "", ...words] = line.trim().split(" ");
    const numbers = words.map(Number);
    if (words.length === 0 || numbers.some((number) => !Number.isFinite(number))) continue;
    const [up = 0, used = 0, unit = 0, memoryBytes = 0, at = 0] = numbers;
    if (key === "now") [now, clock] = numbers;
    if (key === "reading" && numbers.length === 5 && unit > 0)
      readings.push({ up, busy: used / unit, memoryBytes: Math.max(0, memoryBytes), at });
  }
  const last = readings.at(-1);
  if (now === undefined || !last || readings.length < 2) return undefined;
  const ageSeconds = Math.max(0, now - last.up);
  return { readings, ageSeconds, ...(clock === undefined ? {} : { clock }) };
}
