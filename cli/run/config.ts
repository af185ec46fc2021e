import type { StackConfig } from "../../engine/config/stack-config.js";
import { textOf, type ConfigText } from "../../engine/config/value.js";
import { EngineError } from "../../engine/errors.js";
import { ensureSecrets } from "../../engine/stacks/workspace.js";
import { type ConfigFlags, type SetAllFlags, textPairs } from "../commands/config.js";
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
  await handle.config.set(key, text, {
    path: flags.path === true,
    secret,
    ...(flags.type === undefined ? {} : { type: flags.type }),
  });
  await handle.config.write();
}

/** `clocker config set-all`. */
export async function setAllConfig(flags: SetAllFlags): Promise<void> {
  const handle = await stackOf(flags);
  const { config } = handle;
  const path = flags.path === true;
  const values = flags.json === undefined ? [] : jsonValues(flags.json);
  const secrets = textPairs(flags.secret ?? []);
  if (secrets.length > 0 || values.some(({ secret }) => secret)) await ensureSecrets(handle);
  for (const [key, text] of textPairs(flags.plaintext ?? [])) await config.set(key, text, { path });
  for (const [key, text] of secrets) await config.set(key, text, { path, secret: true });
  for (const { key, text, secret, object } of values)
    await config.set(key, text, { secret, object });
  await config.write();
}

interface JsonValue {
  key: string;
  text: string;
  secret: boolean;
  object: boolean;
}

/** The values of `config --json --show-secrets`. */
function jsonValues(json: string): JsonValue[] {
  let parsed: Record<string, { value?: unknown; objectValue?: unknown; secret?: unknown }>;
  try {
    parsed = JSON.parse(json) as typeof parsed;
  } catch (cause) {
    throw new EngineError("invalid-input", "what --json gives is not JSON", {
      hint: "Give what `clocker config --json --show-secrets` prints.",
      cause,
    });
  }
  return Object.entries(parsed).map(([key, { value, objectValue, secret }]) => {
    if (typeof value !== "string")
      throw new EngineError("invalid-input", `what --json gives has no value for ${key}`, {
        hint: "Masked secrets cannot be set: print them with --show-secrets.",
      });
    return { key, text: value, secret: secret === true, object: objectValue !== undefined };
  });
}

/** On a terminal a line, from a pipe everything without the line ends at its end. */
async function askValue(key: string, secret: boolean, flags: ConfigFlags): Promise<string> {
  if (!isInteractive(flags)) {
    if (process.stdin.isTTY) {
      throw new EngineError("invalid-input", `there is no value for ${key}`, {
        hint: `Give it on the command line or by the standard input: clocker config set ${key} < file`,
      });
    }
    const text = await readInput();
    return flags.raw === true ? text : text.replace(/[\r\n]+$/, "");
  }
  const answer = secret ? await askHidden(`${key}: `) : await ask(`${key}: `);
  if (answer === undefined) throw new EngineError("invalid-input", `there is no value for ${key}`);
  return answer;
}

/** `clocker config rm` and `rm-all`. */
export async function removeConfig(keys: readonly string[], flags: ConfigFlags): Promise<void> {
  const { config } = await stackOf(flags);
  for (const key of keys) config.remove(key, { path: flags.path === true });
  await config.write();
}
