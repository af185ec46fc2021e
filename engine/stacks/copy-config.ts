import { holdsSecret, resealed } from "../config/value.js";
import { ensureSecrets, type StackHandle } from "./workspace.js";

/** Copies every configuration value of one stack to another one, secrets sealed anew with the other's key. */
export async function copyConfig(from: StackHandle, to: StackHandle): Promise<void> {
  const entries = [...from.config.entries()];
  const hasSecrets = entries.some(([, tree]) => holdsSecret(tree));
  const crypters = hasSecrets
    ? {
        opener: await (await ensureSecrets(from)).unlock(),
        sealer: await (await ensureSecrets(to)).unlock(),
      }
    : undefined;
  for (const [key, tree] of entries)
    to.config.put(key, crypters === undefined ? tree : resealed(tree, crypters));
  await to.config.write();
}
