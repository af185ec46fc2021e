import { spawn } from "node:child_process";

/** A command of the lab failed; the message names it and carries what it said. */
export class LabError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "LabError";
  }
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  stdin?: string;
  /** A non-zero exit is a result, not an error. */
  mayFail?: boolean;
}

/** Runs argv without a shell and collects its output. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [command = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "pipe" });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => undefined); // the command may end without reading its input
    child.stdin.end(options.stdin ?? "");
    child.on("error", (error) => {
      reject(new LabError(`cannot run ${command}: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      const result = { code: code ?? 255, stdout, stderr };
      if (result.code === 0 || options.mayFail) resolve(result);
      else
        reject(
          new LabError(
            `${argv.join(" ")} failed (${signal ?? `exit ${result.code}`}): ${stderr.trim() || stdout.trim()}`,
          ),
        );
    });
  });
}

/** Polls `probe` until it gives a value; gives up after `timeoutMs` with what `describe` says. */
export async function until<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  timeoutMs: number,
  describe: () => string,
  intervalMs = 25,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new LabError(describe());
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
