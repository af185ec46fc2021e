import { realpath } from "node:fs/promises";
import { findCommand } from "../requirements.js";
import { LabError, run } from "../run.js";

/** The path of a command of this machine, or an error that names its Debian package. */
export function binary(command: string, pkg: string): string {
  const path = findCommand(command);
  if (!path)
    throw new LabError(
      `the image needs ${command}, which is not installed: apt-get install -y ${pkg}`,
    );
  return path;
}

/** The shared libraries that a program of this machine needs, the loader included: path in an image -> file here. */
export async function librariesOf(program: string): Promise<Record<string, string>> {
  const { stdout } = await run(["ldd", program], { mayFail: true }); // a static program: "not a dynamic executable"
  const files: Record<string, string> = {};
  for (const [path] of stdout.matchAll(/\/\S+\.so\S*/g)) files[path] = await realpath(path);
  return files;
}
