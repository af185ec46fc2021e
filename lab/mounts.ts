import { readFile } from "node:fs/promises";
import { run, until } from "./run.js";

/** True when something is mounted at `path` in this mount namespace. */
export async function isMounted(path: string): Promise<boolean> {
  const mounts = await readFile("/proc/self/mounts", "utf8");
  return mounts.split("\n").some((line) => line.split(" ")[1] === path);
}

/** Unmounts whatever is mounted at `path`, however often; nothing to do is fine. */
export async function unmount(path: string): Promise<void> {
  await until(
    async () => {
      if (!(await isMounted(path))) return true;
      await run(["umount", path], { mayFail: true });
      return (await isMounted(path)) ? undefined : true;
    },
    10_000,
    () => `${path} cannot be unmounted: something uses it (fuser -m ${path} says what)`,
  );
}
