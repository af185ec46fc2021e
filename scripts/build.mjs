// Compiles the package and installs it into node_modules as its users get it (packed), for the examples and tests.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const SOURCES = ["provider", "sdk", "engine", "cli", "lab", "bench"];

function sourceHash() {
  const sum = createHash("sha256");
  for (const file of ["package.json", "tsconfig.json", "README.md"]) {
    if (existsSync(join(root, file))) sum.update(readFileSync(join(root, file)));
  }
  for (const folder of SOURCES) {
    for (const entry of readdirSync(join(root, folder), {
      recursive: true,
      withFileTypes: true,
    }).sort((a, b) => (join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1))) {
      if (entry.isFile())
        sum.update(entry.name).update(readFileSync(join(entry.parentPath, entry.name)));
    }
  }
  return sum.digest("hex");
}

/** Files that the compiler does not emit but the package needs at run time. */
function copyAssets() {
  for (const folder of SOURCES) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.(sh|html|css|mjs|json)$/.test(entry.name)) continue;
      const from = join(entry.parentPath, entry.name);
      const to = join(root, "dist", from.slice(root.length));
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, readFileSync(from), { mode: entry.name.endsWith(".sh") ? 0o755 : 0o644 });
    }
  }
}

function must(result, what) {
  if (result.status === 0) return;
  process.stderr.write(`${what} failed:\n${result.stdout ?? ""}${result.stderr ?? ""}\n`);
  process.exit(1);
}

/** Builds when a source changed since the last build. */
export async function build(node, say = () => undefined) {
  const wanted = sourceHash();
  const stamp = join(root, "dist", ".built");
  const installed = join(root, "node_modules", "pulumi-clocker");
  if (
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === wanted &&
    existsSync(join(installed, "dist", ".built"))
  )
    return;
  say("Compiling ...");
  must(
    spawnSync(node, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"], {
      cwd: root,
      encoding: "utf8",
    }),
    "Compiling",
  );
  copyAssets();
  const main = join(root, "dist", "cli", "main.js");
  if (existsSync(main)) chmodSync(main, 0o755);
  const packed = join(root, ".clocker", "packed");
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  must(
    spawnSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", packed], {
      cwd: root,
      encoding: "utf8",
    }),
    "npm pack",
  );
  const archive = readdirSync(packed).find((name) => name.endsWith(".tgz"));
  must(
    spawnSync("tar", ["-xzf", join(packed, archive), "-C", packed], { encoding: "utf8" }),
    "Unpacking the package",
  );
  rmSync(installed, { recursive: true, force: true });
  renameSync(join(packed, "package"), installed);
  const bin = join(root, "node_modules", ".bin", "clocker");
  rmSync(bin, { force: true });
  symlinkSync("../pulumi-clocker/dist/cli/main.js", bin);
  if (existsSync(join(installed, "dist/cli/main.js")))
    chmodSync(join(installed, "dist/cli/main.js"), 0o755);
  writeFileSync(join(installed, "dist", ".built"), wanted);
  writeFileSync(stamp, wanted);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await build(process.execPath, console.error);
