import { CloudError } from "../../errors.js";
import type { Transport } from "../../host/transport.js";

/** Runs a script of the preparation; `what` completes "cannot ..." when it fails. */
export async function mustRun(
  transport: Transport,
  script: string,
  args: string[],
  stdin: string,
  what: string,
): Promise<void> {
  const result = await transport.script(script, args, { stdin });
  if (result.code === 0) return;
  throw new CloudError("command", `cannot ${what} (exit code ${result.code})`, {
    host: transport.connection.name,
    reasons: [result.stderr.trim().split("\n").at(-1) ?? ""],
    hint: transport.connection.sudo
      ? "The login needs sudo without a password."
      : "Log in as root, or set sudo: true.",
  });
}
