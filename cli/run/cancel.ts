import { stackCancel } from "../../engine/stacks/manage.js";
import { isInteractive, type CommonFlags } from "../commands/options.js";
import { confirm } from "./prompt.js";
import { stackOf } from "./workspace.js";

/** `clocker cancel`: removes the stack's locks. Resolves with the exit code. */
export async function cancelStack(flags: CommonFlags & { yes?: boolean }): Promise<number> {
  const handle = await stackOf(flags);
  if (flags.yes !== true && isInteractive(flags)) {
    const answer = await confirm(
      `This removes the lock of stack ${handle.name}, also if an operation still runs. Go on?`,
      undefined,
    );
    if (answer !== "yes") return 1;
  }
  await stackCancel(handle);
  console.log(`The lock of stack ${handle.name} has been removed.`);
  return 0;
}
