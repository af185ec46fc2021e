import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { compiled } from "../../support/compiled.js";

/** Runs one operation of a stack in a process of its own, which can be killed. The last line on stdout is the result. */
export function startEngine(
  operation: string,
  args: Record<string, unknown>,
  env: Record<string, string> = {},
): ChildProcess {
  const engine = JSON.stringify(join(compiled("engine"), "engine/index.js"));
  const argv = ["-e", `const { Stack } = require(${engine}); ${RUN}`, operation];
  return spawn(process.execPath, [...argv, JSON.stringify(args)], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

const RUN = `
const [operation, args] = process.argv.slice(1);
Stack.createOrSelect(JSON.parse(args))
  .then((stack) => stack[operation]())
  .then((result) => console.log(JSON.stringify(result)))
  .catch((error) => { console.error(error); process.exitCode = 1; });
`;
