import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { until } from "./run.js";

/** Start time of a process in clock ticks since boot, or undefined: with the pid, it names one process for ever. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

/** Processes of this machine whose argv has an argument that `matches`. */
function processesWith(matches: (argument: string) => boolean): { pid: number; command: string }[] {
  const found: { pid: number; command: string }[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const argv = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      if (argv.some(matches)) found.push({ pid: Number(entry), command: basename(argv[0] ?? "") });
    } catch {
      // ended meanwhile
    }
  }
  return found;
}

/** PID (seen from here) of the host whose PID 1 runs `init`; undefined while it is off. */
export function hostPid(init: string): number | undefined {
  return processesWith((argument) => argument === init).find(({ pid }) => isPidOne(pid))?.pid;
}

/** True for the first process of a PID namespace below ours. */
function isPidOne(pid: number): boolean {
  try {
    return /^NSpid:\t.*\t1$/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Cuts the power of all hosts below `dir`, without waiting: for a process that is about to end. */
export function killHostsNow(dir: string): void {
  for (const { pid } of processesWith((argument) => isInit(dir, argument))) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // ended meanwhile
    }
  }
}

function isInit(dir: string, argument: string): boolean {
  return argument.startsWith(`${dir}/hosts/`) && argument.endsWith("/init.sh");
}

/** Kills everything that runs a host below `dir` and waits until it is gone, namespaces and all. */
export async function killHosts(dir: string, only?: string): Promise<void> {
  const matches = (argument: string): boolean =>
    only === undefined ? isInit(dir, argument) : argument === only;
  await until(
    () => {
      const left = processesWith(matches);
      if (left.length === 0) return true;
      // Inside first: when PID 1 dies, so does every process of its host, and `unshare` waits for all of them.
      const inside = left.filter((p) => p.command !== "unshare");
      for (const { pid } of inside.length > 0 ? inside : left) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // ended meanwhile
        }
      }
      return undefined;
    },
    20_000,
    () =>
      `processes of ${only ?? dir} do not end: ${processesWith(matches)
        .map((p) => p.pid)
        .join(", ")}`,
  );
}
