import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../run.js";

/** An image as a file that `docker load` takes, and the id it will have on every host. */
export interface ImageTar {
  tag: string;
  /** `sha256:...` of the image's configuration: equal content gives an equal id. */
  id: string;
  file: string;
}

/** What an image is made of. Files of this machine are copied by content, links are followed. */
export interface ImageRecipe {
  tag: string;
  /** Folder whose files are the image's first layer: images with the same one share it on a host. */
  base?: string;
  /** Folder whose files the image's own layer begins with. */
  tree?: string;
  /** Path in the image -> file of this machine. */
  files: Record<string, string>;
  /** Path in the image -> text. A text that begins with `#!` is executable. */
  texts?: Record<string, string>;
  /** Path in the image -> target of the symbolic link. */
  links?: Record<string, string>;
  /** Directories that anyone may write to. */
  scratch?: string[];
  /** Empty directories of a user of the image: a new volume that is mounted there takes them over. */
  folders?: Record<string, { uid: number; gid: number; mode: string }>;
  config: {
    Cmd?: string[];
    Entrypoint?: string[];
    Env?: string[];
    User?: string;
    WorkingDir?: string;
    ExposedPorts?: Record<string, Record<string, never>>;
    Volumes?: Record<string, Record<string, never>>;
    StopSignal?: string;
  };
}

const WEEK_MS = 7 * 24 * 3600 * 1000;

/** Directories of a merged /usr, so that libraries are found under both of their names. */
const MERGED = ["bin", "sbin", "lib", "lib64"];

/** Builds the image, or finds it built: the cache knows a recipe by its content and its files' size and time. */
export async function buildImage(recipe: ImageRecipe, cacheDir: string): Promise<ImageTar> {
  const key = await recipeKey(recipe);
  const base = join(cacheDir, `${recipe.tag.replace(/[^a-z0-9.]+/gi, "-")}-${key.slice(0, 16)}`);
  const file = `${base}.tar`;
  if (existsSync(file) && existsSync(`${base}.id`))
    return { tag: recipe.tag, id: await readFile(`${base}.id`, "utf8"), file };
  await mkdir(cacheDir, { recursive: true });
  await sweep(cacheDir);
  const work = await mkdtemp(join(cacheDir, `build-${process.pid}-`));
  try {
    const id = await assemble(recipe, work);
    await rename(join(work, "image.tar"), file);
    await writeFile(`${base}.id`, id);
    return { tag: recipe.tag, id, file };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Removes what killed builds left, and images that were built from something else more than a week ago. */
async function sweep(cacheDir: string): Promise<void> {
  for (const entry of await readdir(cacheDir)) {
    const path = join(cacheDir, entry);
    const builder = /^build-(\d+)-/.exec(entry)?.[1];
    const old =
      builder === undefined
        ? Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs > WEEK_MS
        : !existsSync(`/proc/${builder}`);
    if (old) await rm(path, { recursive: true, force: true });
  }
}

/** Goes up when equal recipes begin to give another image. */
const FORMAT = 2;

async function recipeKey(recipe: ImageRecipe): Promise<string> {
  const hash = createHash("sha256")
    .update(`${FORMAT} ${JSON.stringify(recipe)}`)
    .update(process.arch);
  for (const source of Object.values(recipe.files)) {
    const { size, mtimeMs } = await stat(source);
    hash.update(`${source} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/** Makes `image.tar` in `work` in the form of `docker save`; returns the image's id. */
async function assemble(recipe: ImageRecipe, work: string): Promise<string> {
  const image = join(work, "image");
  await mkdir(image);
  const layers = [
    ...(recipe.base === undefined ? [] : [{ folder: recipe.base, owned: {} }]),
    { folder: await ownFiles(recipe, work), owned: recipe.folders ?? {} },
  ];
  const files: string[] = [];
  const digests: string[] = [];
  for (const [index, { folder, owned }] of layers.entries()) {
    const name = `layer-${index}.tar`;
    await packLayer(folder, owned, join(image, name));
    files.push(name);
    digests.push(`sha256:${(await run(["sha256sum", join(image, name)])).stdout.slice(0, 64)}`);
  }
  const config = JSON.stringify({
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: {
      ...recipe.config,
      Env: withPath(recipe.config.Env ?? []),
    },
    rootfs: { type: "layers", diff_ids: digests },
    history: digests.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: recipe.tag })),
  });
  const id = createHash("sha256").update(config).digest("hex");
  await writeFile(join(image, `${id}.json`), config);
  await writeFile(
    join(image, "manifest.json"),
    JSON.stringify([{ Config: `${id}.json`, RepoTags: [recipe.tag], Layers: files }]),
  );
  await run([
    "tar",
    ...PLAIN,
    "--owner=0",
    "--group=0",
    "-cf",
    join(work, "image.tar"),
    "-C",
    image,
    ".",
  ]);
  return `sha256:${id}`;
}

function withPath(env: readonly string[]): string[] {
  const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return env.some((entry) => entry.startsWith("PATH=")) ? [...env] : [path, ...env];
}

/** Lays out the files of the image's own layer in a folder. */
async function ownFiles(recipe: ImageRecipe, work: string): Promise<string> {
  const root = join(work, "root");
  if (recipe.tree !== undefined) await run(["cp", "-a", recipe.tree, root]);
  for (const dir of MERGED) await mkdir(join(root, "usr", dir), { recursive: true });
  for (const dir of MERGED)
    if (!existsSync(join(root, dir))) await symlink(`usr/${dir}`, join(root, dir));
  const place = async (path: string): Promise<string> => {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    return target;
  };
  for (const [path, source] of Object.entries(recipe.files))
    await copyFile(source, await place(path));
  for (const [path, text] of Object.entries(recipe.texts ?? {}))
    await writeFile(await place(path), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
  for (const [path, target] of Object.entries(recipe.links ?? {}))
    await symlink(target, await place(path));
  for (const dir of recipe.scratch ?? [])
    await run(["install", "-d", "-m", "1777", join(root, dir)]);
  for (const [dir, { mode }] of Object.entries(recipe.folders ?? {}))
    await run(["install", "-d", "-m", mode, join(root, dir)]);
  return root;
}

/** Nothing of the moment or of this machine's users goes in: equal files make an equal image. */
const PLAIN = ["--sort=name", "--mtime=@0", "--numeric-owner"];

async function packLayer(
  root: string,
  owned: NonNullable<ImageRecipe["folders"]>,
  file: string,
): Promise<void> {
  const pack = (verb: string, uid: number, gid: number, ...what: string[]): Promise<unknown> =>
    run([
      ...["tar", ...PLAIN, "--format=gnu", `--owner=${uid}`, `--group=${gid}`],
      ...[verb, file, "-C", root, ...what],
    ]);
  await pack("-cf", 0, 0, ...Object.keys(owned).map((dir) => `--exclude=./${dir}`), ".");
  for (const [dir, { uid, gid }] of Object.entries(owned))
    await pack("-rf", uid, gid, "--no-recursion", `./${dir}`);
}
