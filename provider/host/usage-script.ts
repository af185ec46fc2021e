/** What everything on a machine uses, over the moment it was looked at. */
export interface MachineUsage {
  /** Busy cores, mean of the window: 1.5 is one and a half. */
  cpus: number;
  /** Bytes that cannot be had without taking them from somebody; caches do not count. */
  memoryBytes: number;
  /** Length of the window, in seconds. */
  windowSeconds: number;
}

/**
 * First of two samples. The control group at the root of what the machine sees counts all of its processes: on a
 * machine of its own that is everything, in a virtual host that shares a kernel it is that host alone, where
 * /proc/stat would tell of the machine beneath. A memory limit of that group shows such a host too.
 */
export const SAMPLE_USAGE = `
sample() {
  read -r up _ </proc/uptime
  group=/sys/fs/cgroup
  if [ -r $group/cpu.stat ] && used=$(sed -n 's/^usage_usec //p' $group/cpu.stat) && [ "$used" ]; then
    say sample "$up $used 1000000"
  elif used=$(cat $group/cpuacct/cpuacct.usage 2>/dev/null || cat $group/cpu,cpuacct/cpuacct.usage 2>/dev/null); then
    say sample "$up $used 1000000000"
  else
    read -r _ user nice system _ _ irq soft steal _ </proc/stat
    say sample "$up $((user + nice + system + irq + soft + steal)) $(getconf CLK_TCK 2>/dev/null || echo 100)"
  fi
}
[ "$1" = usage ] && sample`;

/** Second sample, and memory. */
export const SECOND_SAMPLE = `
if [ "$1" = usage ]; then
  sleep 1
  sample
  total=$(sed -n 's/^MemTotal: *\\([0-9]*\\) kB$/\\1/p' /proc/meminfo)
  free=$(sed -n 's/^MemAvailable: *\\([0-9]*\\) kB$/\\1/p' /proc/meminfo)
  [ "$free" ] && say memory.used "$(((total - free) * 1024))"
  for limit in $group/memory.max $group/memory/memory.limit_in_bytes; do
    most=$(cat "$limit" 2>/dev/null) || continue
    case $most in *[!0-9]*|"") continue ;; esac
    [ "\${#most}" -lt 16 ] && [ "$most" -lt $((total * 1024)) ] || continue
    folder=\${limit%/*}
    used=$(cat "$folder/memory.current" 2>/dev/null || cat "$folder/memory.usage_in_bytes")
    cache=$(sed -n -e 's/^total_inactive_file //p' "$folder/memory.stat")
    [ "$cache" ] || cache=$(sed -n -e 's/^inactive_file //p' "$folder/memory.stat")
    say memory.group "$((used - \${cache:-0}))"
  done
fi`;

/** From the script's output; undefined unless both samples and the memory are there. */
export function parseUsage(text: string): MachineUsage | undefined {
  const samples: { at: number; busy: number }[] = [];
  const memory = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [key = "", ...words] = line.trim().split(" ");
    const numbers = words.map(Number);
    if (numbers.some((number) => !Number.isFinite(number))) continue;
    const [first, second, third] = numbers;
    if (key === "sample" && first !== undefined && second !== undefined && third)
      samples.push({ at: first, busy: second / third });
    else if (key.startsWith("memory.") && first !== undefined) memory.set(key, first);
  }
  const [before, after] = samples;
  const memoryBytes = memory.get("memory.group") ?? memory.get("memory.used");
  if (!before || !after || memoryBytes === undefined || after.at <= before.at) return undefined;
  const windowSeconds = Number((after.at - before.at).toFixed(2));
  const cpus = Math.max(0, after.busy - before.busy) / (after.at - before.at);
  return { cpus: Number(cpus.toFixed(2)), memoryBytes: Math.max(0, memoryBytes), windowSeconds };
}
