import { spawn } from "node:child_process";
import { join } from "node:path";
import { stdoutColors } from "../display/paint.js";
import { Interrupted, QuickstartError } from "./errors.js";
import { environment, ROOT } from "./setting.js";

const pc = stdoutColors();

interface Options {
  /** Show the command line and let it write to the terminal; otherwise its output is returned. */
  show?: boolean;
  /** A failure is an answer, not an error. */
  mayFail?: boolean;
}

/** Runs `clocker <args>` in this checkout as a user would. Resolves with the exit code and what it wrote when not shown. */
export function clocker(
  args: readonly string[],
  options: Options = {},
): Promise<{ code: number; output: string }> {
  if (options.show) console.log(`\n${pc.dim(`$ clocker ${args.join(" ")}`)}`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, "dist/cli/main.js"), ...args], {
      cwd: ROOT,
      env: environment(),
      stdio: ["inherit", options.show ? "inherit" : "pipe", options.show ? "inherit" : "pipe"],
    });
    let output = "";
    let interrupted = false;
    const collect = (bytes: Buffer) => (output += bytes.toString());
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    // Ctrl-C reaches the child by itself; it ends in its own good time, and then so do we.
    const onInterrupt = () => (interrupted = true);
    process.on("SIGINT", onInterrupt);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      process.removeListener("SIGINT", onInterrupt);
      if (interrupted || signal === "SIGINT") reject(new Interrupted());
      else if (code === 0 || options.mayFail) resolve({ code: code ?? 1, output });
      else {
        const said = options.show ? "see above" : output.trim();
        reject(new QuickstartError(`clocker ${args.join(" ")} failed: ${said}`));
      }
    });
  });
}
