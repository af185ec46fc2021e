import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The package's version; compiled or not, package.json is above this file. */
export function version(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  const text = readFileSync(join(folder, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
