import { stackRemove } from "../../engine/stacks/manage.js";
import type { OperationFlags } from "../commands/operation-flags.js";
import { workspaceOf } from "./workspace.js";

/** What remains of a stack after its resources: says how to remove it, or does so with `--remove`. */
export async function afterDestroy(stack: string, flags: OperationFlags): Promise<void> {
  if (flags.json === true && flags.remove !== true) return;
  if (flags.remove === true) {
    await stackRemove(await workspaceOf(flags), stack, {});
    if (flags.json !== true) console.log(`Stack ${stack} has been removed.`);
    return;
  }
  if (flags.target !== undefined) return;
  console.log(
    `The resources of stack ${stack} have been deleted; its history and configuration are still there.\n` +
      `To remove it for good, run \`clocker stack rm ${stack}\`.`,
  );
}
