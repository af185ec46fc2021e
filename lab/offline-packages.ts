import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LabError, run } from "./run.js";

/** What a bare host lacks, and finds in its package source. */
export const ENGINE_PACKAGES = ["docker.io", "containerd", "runc", "tini", "dnsmasq-base"];

/** What it finds there besides: the name server, with what has to be of its version. */
const NAME_SERVER_PACKAGES = ["bind9", "bind9-libs", "bind9-utils", "bind9-host", "bind9-dnsutils"];

const OFFERED = [...ENGINE_PACKAGES, ...NAME_SERVER_PACKAGES];

/** An apt source that needs no network: a folder of packages with its index. Kept for all labs and later ones. */
export const OFFLINE_SOURCE = "/var/cache/clocker-lab/packages";

/** Downloads the packages once, on this machine, and writes the index that apt reads. */
export async function prepareOfflineSource(): Promise<void> {
  if (await complete()) return;
  await mkdir(dirname(OFFLINE_SOURCE), { recursive: true });
  const work = await mkdtemp(`${OFFLINE_SOURCE}-`);
  try {
    await run(["chmod", "755", work]);
    const { code, stderr } = await run(
      ["env", "-C", work, "apt-get", "download", "-q", ...OFFERED],
      { mayFail: true },
    );
    if (code !== 0)
      throw new LabError(
        `the packages for hosts without Docker cannot be downloaded: ${stderr.trim()}\nRun apt-get update, then try again.`,
      );
    await writeFile(join(work, "Packages"), await index(work));
    await rm(OFFLINE_SOURCE, { recursive: true, force: true });
    await rename(work, OFFLINE_SOURCE).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error; // another lab was faster
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function complete(): Promise<boolean> {
  const files: string[] = await readdir(OFFLINE_SOURCE).catch(() => []);
  return (
    files.includes("Packages") &&
    OFFERED.every((name) => files.some((file) => file.startsWith(`${name}_`)))
  );
}

async function index(dir: string): Promise<string> {
  const stanzas: string[] = [];
  for (const file of (await readdir(dir)).filter((name) => name.endsWith(".deb")).sort()) {
    const path = join(dir, file);
    const { stdout } = await run(["dpkg-deb", "-f", path]);
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    stanzas.push(
      [
        stdout.trimEnd(),
        `Filename: ./${file}`,
        `Size: ${(await stat(path)).size}`,
        `SHA256: ${hash.digest("hex")}`,
        "",
      ].join("\n"),
    );
  }
  return stanzas.join("\n");
}
