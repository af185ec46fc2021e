import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../run.js";
import { binary, librariesOf } from "./binaries.js";
import { buildImage, type ImageTar } from "./build.js";
import { busyboxTools } from "./tools.js";

export const REDIS_IMAGE = "clocker/redis:dev";
export const GUESTBOOK_IMAGE = "clocker/guestbook:dev";

const users = (name: string, uid: number): Record<string, string> => ({
  "etc/passwd": `root:x:0:0:root:/root:/bin/sh\n${name}:x:${uid}:${uid}:${name}:/tmp:/bin/sh\n`,
  "etc/group": `root:x:0:\n${name}:x:${uid}:\n`,
  "etc/nsswitch.conf": "hosts: files dns\n",
});

/** Debian's redis-server with the libraries it needs; keeps its data in /data. */
export async function buildRedisImage(cacheDir: string): Promise<ImageTar> {
  const server = binary("redis-server", "redis-server");
  const client = binary("redis-cli", "redis-tools");
  const base = await busyboxTools();
  return buildImage(
    {
      tag: REDIS_IMAGE,
      files: {
        ...base.files,
        ...(await librariesOf(server)),
        ...(await librariesOf(client)),
        "usr/bin/redis-server": server,
        "usr/bin/redis-cli": client,
      },
      links: base.links,
      texts: users("redis", 999),
      scratch: ["tmp", "data"],
      config: {
        User: "999:999",
        WorkingDir: "/data",
        ExposedPorts: { "6379/tcp": {} },
        Cmd: [
          ...["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no"],
          ...["--dir", "/data", "--appendonly", "yes", "--save", ""],
        ],
      },
    },
    cacheDir,
  );
}

/** The example's web application on this process's own Node, without its TypeScript types. */
export async function buildGuestbookImage(appDir: string, cacheDir: string): Promise<ImageTar> {
  const base = await busyboxTools();
  const modules: Record<string, string> = {};
  for (const module of ["server", "redis"])
    modules[`app/${module}.mjs`] = await withoutTypes(join(appDir, `${module}.mts`), cacheDir);
  return buildImage(
    {
      tag: GUESTBOOK_IMAGE,
      files: {
        ...base.files,
        ...(await librariesOf(process.execPath)),
        "usr/bin/node": process.execPath,
        "app/page.html": join(appDir, "page.html"),
        ...modules,
      },
      links: base.links,
      texts: users("app", 1000),
      scratch: ["tmp"],
      config: {
        User: "1000:1000",
        WorkingDir: "/app",
        ExposedPorts: { "8080/tcp": {} },
        Env: ["PORT=8080", "REDIS_HOST=redis", "NODE_ENV=production"],
        Cmd: ["node", "/app/server.mjs"],
      },
    },
    cacheDir,
  );
}

/** Node's own type stripping, in a process of its own: it would print a warning into this one. */
async function withoutTypes(file: string, cacheDir: string): Promise<string> {
  const code =
    "process.stdout.write(require('node:module').stripTypeScriptTypes(require('node:fs').readFileSync(process.argv[1],'utf8')))";
  const { stdout } = await run([
    ...[process.execPath, "--disable-warning=ExperimentalWarning", "-e", code, file],
  ]);
  const target = join(
    cacheDir,
    `module-${createHash("sha256").update(stdout).digest("hex").slice(0, 16)}.mjs`,
  );
  await mkdir(cacheDir, { recursive: true });
  await writeFile(target, stdout, { flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  return target;
}
