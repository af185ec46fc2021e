import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestLab } from "../../support/lab.js";

const PLUGIN = standin("docker_plugin.py");

/** Text of a program below `standins`. */
export function standin(file: string): string {
  return readFileSync(join(__dirname, "standins", file), "utf8");
}

/** Writes an executable file on a host. */
export async function putProgram(
  lab: TestLab,
  host: string,
  path: string,
  text: string,
): Promise<void> {
  const put = ["sh", "-c", 'cat > "$1" && chmod 755 "$1"', "sh", path];
  const { code, stderr } = await lab.exec(host, put, text);
  if (code !== 0) throw new Error(`${host}: ${stderr}`);
}

/** Puts a stand-in at /usr/local/bin/`name` on a host, beside what those that speak Docker's plugin protocol share. */
export async function putStandin(
  lab: TestLab,
  host: string,
  name: string,
  text: string,
): Promise<void> {
  await putProgram(lab, host, "/usr/local/bin/docker_plugin.py", PLUGIN);
  await putProgram(lab, host, `/usr/local/bin/${name}`, text);
}
