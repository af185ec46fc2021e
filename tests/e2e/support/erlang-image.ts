import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { librariesOf } from "../../../lab/images/binaries.js";
import { buildImage, type ImageTar } from "../../../lab/images/index.js";
import { busyboxTools } from "../../../lab/images/tools.js";
import { run } from "../../../lab/index.js";
import { unpacked } from "../../lab/support/official/packages.js";

export const ERLANG_IMAGE = "clocker/erlang-ring:dev";

/** Programs of Erlang's run-time system that a node starts. */
const PROGRAMS = ["beam.smp", "epmd", "erl_child_setup", "erlexec", "inet_gethost"];
/** Libraries without which no node runs. */
const LIBRARIES = /^(kernel|stdlib)-/;

/**
 * What the example's Dockerfile makes, without a registry: Debian's Erlang and the compiled cluster. The package is
 * unpacked and not installed, since it would have systemd listen on epmd's port.
 */
export async function buildErlangImage(appDir: string, cacheDir: string): Promise<ImageTar> {
  const root = join(await unpacked(["erlang-base"], cacheDir), "usr/lib/erlang");
  const programs = join(root, await only(root, /^erts-/), "bin");
  const busybox = await busyboxTools();
  const files: Record<string, string> = { ...busybox.files };
  const add = (path: string): void => {
    files[`usr/lib/erlang/${path.slice(root.length + 1)}`] = path;
  };
  for (const program of PROGRAMS) {
    Object.assign(files, await librariesOf(join(programs, program)));
    add(join(programs, program));
  }
  for (const name of ["erl", "start.boot"]) add(join(root, "bin", name));
  for (const library of (await readdir(join(root, "lib"))).filter((name) => LIBRARIES.test(name)))
    for (const file of await readdir(join(root, "lib", library, "ebin")))
      add(join(root, "lib", library, "ebin", file));
  const compiled = await compile(appDir, root, programs, cacheDir);
  for (const file of await readdir(compiled)) files[`app/${file}`] = join(compiled, file);
  return buildImage(
    {
      tag: ERLANG_IMAGE,
      files,
      links: {
        ...busybox.links,
        ...Object.fromEntries(
          ["basename", "dirname", "readlink", "sed"].map((name) => [`bin/${name}`, "busybox"]),
        ),
        "usr/bin/erl": "../lib/erlang/bin/erl",
      },
      texts: {
        "etc/passwd": "root:x:0:0:root:/:/bin/sh\nring:x:1000:1000::/home/ring:/bin/sh\n",
        "etc/group": "root:x:0:\nring:x:1000:\n",
        "etc/nsswitch.conf": "hosts: files dns\n",
      },
      scratch: ["tmp"],
      folders: { "home/ring": { uid: 1000, gid: 1000, mode: "0755" } },
      config: {
        User: "1000:1000",
        WorkingDir: "/app",
        Env: ["HOME=/home/ring", "RING_SERVICE=node"],
        ExposedPorts: { "8087/tcp": {}, "8098/tcp": {} },
        Cmd: ["erl", "-noshell", "-name", "ring", "-s", "ring"],
      },
    },
    cacheDir,
  );
}

/** The one entry of a folder with such a name. */
async function only(folder: string, name: RegExp): Promise<string> {
  const [found, ...more] = (await readdir(folder)).filter((entry) => name.test(entry));
  if (found === undefined || more.length > 0)
    throw new Error(`${folder} has ${found === undefined ? "nothing" : "more than one"} ${name}`);
  return found;
}

/** Compiles the cluster with the unpacked compiler; the folder is kept as long as the sources are the same. */
async function compile(
  appDir: string,
  root: string,
  programs: string,
  cacheDir: string,
): Promise<string> {
  const sources = (await readdir(appDir)).filter((file) => file.endsWith(".erl")).sort();
  const hash = createHash("sha256").update(root);
  for (const file of sources) hash.update(await readFile(join(appDir, file)));
  const folder = join(cacheDir, `erlang-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, `build-${process.pid}-`));
  const call = `[halt(1) || F <- init:get_plain_arguments(), element(1, compile:file(F, [deterministic, report, {outdir, "${work}"}])) =/= ok], halt(0).`;
  try {
    await run([
      ...["env", `ROOTDIR=${root}`, `BINDIR=${programs}`, "EMU=beam", "PROGNAME=erl"],
      ...[join(programs, "erlexec"), "-noshell", "-eval", call, "-extra"],
      ...sources.map((file) => join(appDir, file)),
    ]);
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}
