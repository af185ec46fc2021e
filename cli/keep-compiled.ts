import { enableCompileCache } from "node:module";
import { dirname, join, sep } from "node:path";

/** Keeps compiled code between runs, as the programs' processes do: a third of the time that a command takes to load. */
const folder = `${sep}node_modules${sep}`;
const at = __dirname.lastIndexOf(folder);
// In the package's own checkout its dependencies are beside it; this file is dist/cli/keep-compiled.js there.
const modules =
  at < 0
    ? join(dirname(dirname(__dirname)), "node_modules")
    : __dirname.slice(0, at + folder.length);
// Where nothing can be written Node goes on without.
enableCompileCache(join(modules, ".cache", "clocker"));
