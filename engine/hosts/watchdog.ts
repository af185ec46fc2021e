import { type ChildProcess, spawn } from "node:child_process";

/**
 * A shell that outlives us just long enough: it reads the process groups we start from a pipe, and when the pipe ends
 * (also because we were killed and could do nothing) it stops those that are still listed. Plugins do not watch their parent
 * themselves. `trap ''` and an own session keep the signals meant for us away from it.
 */
const SCRIPT = `trap '' INT TERM HUP
list=" "
while read -r op group; do
  case "$op" in
    add) list="$list$group " ;;
    del) list=$(printf %s "$list" | sed "s/ $group / /") ;;
  esac
done
for group in $list; do kill -TERM "-$group" 2>/dev/null; done
test "$list" = " " || sleep 2
for group in $list; do kill -KILL "-$group" 2>/dev/null; done
exit 0`;

/** Not on Windows, which has neither process groups nor this shell. */
const SUPPORTED = process.platform !== "win32";

export class Watchdog {
  #shell: ChildProcess | undefined;

  /** Stops the process group of `leader` should this process die. */
  add(leader: number): void {
    if (!SUPPORTED) return;
    this.#shell ??= this.#start();
    this.#shell.stdin?.write(`add ${leader}\n`);
  }

  remove(leader: number): void {
    this.#shell?.stdin?.write(`del ${leader}\n`);
  }

  close(): void {
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }

  #start(): ChildProcess {
    const shell = spawn("/bin/sh", ["-c", SCRIPT], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    // A shell that cannot be started is no reason to fail: all other ways out stop the children themselves.
    shell.on("error", () => undefined);
    shell.stdin?.on("error", () => undefined);
    shell.unref();
    (shell.stdin as unknown as { unref?: () => void } | null)?.unref?.();
    return shell;
  }
}
