import { Stack } from "../../engine/index.js";
import { findPassphrase } from "../../engine/secrets/passphrase-source.js";
import type { CommonFlags } from "../commands/options.js";
import { stackOf } from "./workspace.js";

/** The stack a command is about, ready for operations. */
export async function openEngineStack(flags: CommonFlags): Promise<Stack> {
  const { workspace, name, config } = await stackOf(flags);
  // The engine itself never asks.
  const passphrase =
    config.secrets !== undefined && workspace.secrets.ask !== undefined
      ? await findPassphrase(workspace.secrets)
      : undefined;
  return Stack.select({
    stackName: name,
    workDir: workspace.project.root,
    backendUrl: workspace.backend.url,
    ...(workspace.project.configFile === undefined
      ? {}
      : { configFile: workspace.project.configFile }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
}
