import { resolve } from "node:path";
import { EngineError } from "../../engine/errors.js";
import type { PassphraseSource } from "../../engine/secrets/passphrase-source.js";
import {
  openStack,
  openWorkspace,
  type StackHandle,
  type Workspace,
} from "../../engine/stacks/workspace.js";
import { folderOf, isInteractive, type CommonFlags } from "../commands/options.js";
import { askHidden } from "./prompt.js";

/** The passphrase comes from the environment; on a terminal it is asked for, once. */
export function passphraseSource(flags: CommonFlags): PassphraseSource {
  const { env } = process;
  if (!isInteractive(flags)) return { env };
  let asked: Promise<string> | undefined;
  return {
    env,
    ask: () => (asked ??= askPassphrase()),
  };
}

async function askPassphrase(): Promise<string> {
  const typed = await askHidden(
    "Passphrase of the stack's secrets (PULUMI_CONFIG_PASSPHRASE sets it for good): ",
  );
  if (typed === undefined) throw new EngineError("passphrase", "no passphrase was given");
  return typed;
}

/** The project of the current folder, or of `--cwd`. */
export const workspaceOf = (flags: CommonFlags): Promise<Workspace> =>
  openWorkspace({
    cwd: folderOf(flags),
    secrets: passphraseSource(flags),
    ...(flags.configFile === undefined
      ? {}
      : { configFile: resolve(folderOf(flags), flags.configFile) }),
  });

/** The stack of `--stack`, or the selected one. */
export const stackOf = async (flags: CommonFlags): Promise<StackHandle> =>
  openStack(await workspaceOf(flags), flags.stack);
