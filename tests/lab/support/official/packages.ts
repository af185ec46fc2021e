import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { LabError, run } from "../../../../lab/index.js";

const UNPACK = join(__dirname, "unpack.sh");

/**
 * Downloads Debian packages and unpacks them into a folder, which is kept: nothing is installed on this machine, no
 * service of it starts. Returns the folder, laid out as the root of a system.
 */
export async function unpacked(packages: readonly string[], cacheDir: string): Promise<string> {
  const key = createHash("sha256")
    .update(packages.join(" "))
    .update(await readFile(UNPACK));
  const folder = join(cacheDir, `packages-${key.digest("hex").slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  await mkdir(cacheDir, { recursive: true });
  // the name tells the cache whose work it is: what a killed build leaves is swept
  const work = await mkdtemp(join(cacheDir, `build-${process.pid}-`));
  try {
    await mkdir(join(work, "debs"));
    await download(packages, join(work, "debs"));
    const debs = (await readdir(join(work, "debs"))).map((file) => join(work, "debs", file));
    await run(["bash", UNPACK, join(work, "root"), ...debs]);
    await rename(join(work, "root"), folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error; // another run was faster
    });
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(packages: readonly string[], folder: string): Promise<void> {
  console.warn(
    `downloading ${packages.length} Debian packages for test images (kept, not installed)`,
  );
  const get = ["env", "-C", folder, "apt-get", "download", "-q", ...packages];
  if ((await run(get, { mayFail: true })).code === 0) return;
  // A fresh system image has no package lists.
  await run(["apt-get", "update", "-q"], { mayFail: true });
  const { code, stderr } = await run(get, { mayFail: true });
  if (code !== 0)
    throw new LabError(`the packages of the test images cannot be downloaded: ${stderr.trim()}`);
}
