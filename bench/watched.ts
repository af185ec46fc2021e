import { readdirSync, readFileSync, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

const POLL_EVERY = 100;

/** What one run used besides time. */
export interface Usage {
  /** Bytes of all states that were written. */
  written: number;
  /** Largest sum of the resident memory of the process and all below it, in bytes. */
  peakMemory: number;
}

/** Watches a state file and a process with its descendants until `stop`. Linux only: it reads /proc. */
export function watched(stateFile: string, pid: number): { stop(): Usage } {
  const usage: Usage = { written: 0, peakMemory: 0 };
  const name = basename(stateFile);
  let inode = 0n;
  // A state is written beside the file and renamed: every one has an inode of its own.
  const watcher = watch(dirname(stateFile), (_kind, file) => {
    if (file !== name) return;
    const found = statSync(stateFile, { bigint: true, throwIfNoEntry: false });
    if (found === undefined || found.ino === inode) return;
    inode = found.ino;
    usage.written += Number(found.size);
  });
  const poll = (): void => {
    usage.peakMemory = Math.max(usage.peakMemory, memoryOf(pid));
  };
  const timer = setInterval(poll, POLL_EVERY);
  return {
    stop: () => {
      clearInterval(timer);
      watcher.close();
      return usage;
    },
  };
}

/** Resident memory of a process and all below it, in bytes. */
function memoryOf(root: number): number {
  const children = new Map<number, number[]>();
  const resident = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const pid = Number(entry);
    const [parent, pages] = statOf(pid);
    resident.set(pid, pages * 4096);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [pid]);
    else siblings.push(pid);
  }
  let sum = 0;
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    sum += resident.get(pid) ?? 0;
    open.push(...(children.get(pid) ?? []));
  }
  return sum;
}

/** Parent and resident pages, as /proc/<pid>/stat has them after the name, which may hold anything. */
function statOf(pid: number): [parent: number, pages: number] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return [Number(fields[1]), Number(fields[21])];
  } catch {
    return [0, 0]; // It has just ended.
  }
}
