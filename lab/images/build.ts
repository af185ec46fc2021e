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
  /** Path in the image -> file of this machine. */
  files: Record<string, string>;
  /** Path in the image -> text. A text that begins with `#!` is executable. */
  texts?: Record<string, string>;
  /** Path in the image -> target of the symbolic link. */
  links?: Record<string, string>;
  /** Directories that anyone may write to. */
  scratch?: string[];
  config: {
    Cmd?: string[];
    Entrypoint?: string[];
    Env?: string[];
    User?: string;
    WorkingDir?: string;
    ExposedPorts?: Record<string, Record<string, never>>;
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

async function recipeKey(recipe: ImageRecipe): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(recipe)).update(process.arch);
  for (const source of Object.values(recipe.files)) {
    const { size, mtimeMs } = await stat(source);
    hash.update(`${source} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/** Makes `image.tar` in `work` in the form of `docker save`; returns the image's id. */
async function assemble(recipe: ImageRecipe, work: string): Promise<string> {
  const root = join(work, "root");
  for (const dir of MERGED) await mkdir(join(root, "usr", dir), { recursive: true });
  for (const dir of MERGED) await symlink(`usr/${dir}`, join(root, dir));
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

  // Nothing of the moment or of this machine's users goes in: equal files make an equal image.
  const plain = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  await mkdir(join(work, "image"));
  await run([
    "tar",
    ...plain,
    "--format=gnu",
    "-cf",
    join(work, "image/layer.tar"),
    "-C",
    root,
    ".",
  ]);
  const layer = (await run(["sha256sum", join(work, "image/layer.tar")])).stdout.slice(0, 64);
  const config = JSON.stringify({
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: {
      ...recipe.config,
      Env: [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ...(recipe.config.Env ?? []),
      ],
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
    history: [{ created: "1970-01-01T00:00:00Z", created_by: recipe.tag }],
  });
  const id = createHash("sha256").update(config).digest("hex");
  await writeFile(join(work, "image", `${id}.json`), config);
  await writeFile(
    join(work, "image/manifest.json"),
    JSON.stringify([{ Config: `${id}.json`, RepoTags: [recipe.tag], Layers: ["layer.tar"] }]),
  );
  await run(["tar", ...plain, "-cf", join(work, "image.tar"), "-C", join(work, "image"), "."]);
  return `sha256:${id}`;
}
