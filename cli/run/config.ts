import type { StackConfig } from "../../engine/config/stack-config.js";
import { textOf, type ConfigText } from "../../engine/config/value.js";
import { EngineError } from "../../engine/errors.js";
import { ensureSecrets } from "../../engine/stacks/workspace.js";
import type { ConfigFlags } from "../commands/config.js";
import { isInteractive } from "../commands/options.js";
import { printJson, table } from "../commands/table.js";
import { SECRET } from "../display/values.js";
import { ask, askHidden, readInput } from "./prompt.js";
import { stackOf } from "./workspace.js";

/** A key as people write it: without the project's own namespace. */
const shortKey = (key: string, config: StackConfig): string =>
  key.startsWith(`${config.project.name}:`) ? key.slice(config.project.name.length + 1) : key;

/** The CLI's shape of a value in `config --json`. */
const valueJson = ({ value, secret, object }: ConfigText, isShown: boolean): object =>
  isShown
    ? { value, ...(object ? { objectValue: JSON.parse(value) as unknown } : {}), secret }
    : { secret };

/** `clocker config` and `clocker config ls`. */
export async function listConfig(flags: ConfigFlags): Promise<void> {
  const { config } = await stackOf(flags);
  const showsSecrets = flags.showSecrets === true;
  const entries = [...config.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  const isNeeded = showsSecrets && entries.some(([, tree]) => textOf(tree, undefined).secret);
  const crypter = isNeeded ? await config.secrets?.unlock() : undefined;
  const texts = entries.map(([key, tree]): [string, ConfigText] => [key, textOf(tree, crypter)]);
  if (flags.json === true) {
    printJson(
      Object.fromEntries(
        texts.map(([key, text]) => [key, valueJson(text, showsSecrets || !text.secret)]),
      ),
    );
    return;
  }
  const rows = texts.map(([key, { value, secret }]) => [
    shortKey(key, config),
    secret && !showsSecrets ? SECRET : value,
  ]);
  console.log(table(["KEY", "VALUE"], rows));
}

/** `clocker config get`. */
export async function getConfig(key: string, flags: ConfigFlags): Promise<void> {
  const { config, name } = await stackOf(flags);
  const found = await config.get(key, { path: flags.path === true });
  if (found === undefined) {
    throw new EngineError("not-found", `configuration key ${key} is not set for stack ${name}`, {
      hint: `Set it with \`clocker config set ${key}\`.`,
    });
  }
  if (flags.json === true) printJson(valueJson(found, true));
  else console.log(found.value);
}

/** `clocker config set`. */
export async function setConfig(
  key: string,
  value: string | undefined,
  flags: ConfigFlags,
): Promise<void> {
  const handle = await stackOf(flags);
  const secret = flags.secret === true;
  const text = value ?? (await askValue(key, secret, flags));
  if (secret) await ensureSecrets(handle);
  await handle.config.set(key, text, { path: flags.path === true, secret });
  await handle.config.write();
}

/** On a terminal a line, from a pipe everything without the last line's end. */
async function askValue(key: string, secret: boolean, flags: ConfigFlags): Promise<string> {
  if (!isInteractive(flags)) {
    if (process.stdin.isTTY) {
      throw new EngineError("invalid-input", `there is no value for ${key}`, {
        hint: `Give it on the command line or by the standard input: clocker config set ${key} < file`,
      });
    }
    return (await readInput()).replace(/\r?\n$/, "");
  }
  const answer = secret ? await askHidden(`${key}: `) : await ask(`${key}: `);
  if (answer === undefined) throw new EngineError("invalid-input", `there is no value for ${key}`);
  return answer;
}

/** `clocker config rm`. */
export async function removeConfig(key: string, flags: ConfigFlags): Promise<void> {
  const { config } = await stackOf(flags);
  config.remove(key, { path: flags.path === true });
  await config.write();
}
