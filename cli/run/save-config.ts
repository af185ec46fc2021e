import { textPairs } from "../commands/config.js";
import type { OperationFlags } from "../commands/operation-flags.js";
import { stackOf } from "./workspace.js";

/** Writes what `--config key=value` says into the stack's file, before the operation reads it. */
export async function saveConfig(flags: OperationFlags): Promise<void> {
  if (flags.config === undefined) return;
  const { config } = await stackOf(flags);
  for (const [key, value] of textPairs(flags.config))
    await config.set(key, value, { path: flags.configPath === true });
  await config.write();
}
