import type { UpdateRecord } from "../backend/backend.js";
import type { Crypter } from "../secrets/crypter.js";
import type { SecretsManager } from "../secrets/manager.js";
import { normaliseKey } from "./key.js";
import type { Project } from "./project.js";
import { applySchema } from "./schema.js";
import { holdsSecret, sealedTextOf, textOf, type ConfigTree } from "./value.js";

/** The configuration one operation runs with. */
export interface ProgramConfig {
  /** Plain texts by `namespace:name`: the content of PULUMI_CONFIG. */
  values: Record<string, string>;
  /** Content of PULUMI_CONFIG_SECRET_KEYS. */
  secretKeys: string[];
  /** For the history: secrets sealed. */
  record: UpdateRecord["config"];
}

export interface ProgramConfigArgs {
  /** Absent for a program without a project file. */
  project?: Project;
  projectName: string;
  stack: string;
  /** Refuse what does not fit the project's types. Default: yes. The project's defaults apply in any case. */
  validate?: boolean;
  /** Values of the stack's file. */
  entries?: ReadonlyMap<string, ConfigTree>;
  /** Laid over the file's for this run. */
  overlay?: Record<string, { value: string; secret?: boolean }>;
  /** Opens the file's secrets and seals the overlay's for the history. */
  secrets?: SecretsManager | undefined;
}

/** Everything applied: project defaults, the stack's file, the overlay. Needs the passphrase only if there is a secret. */
export async function programConfig(args: ProgramConfigArgs): Promise<ProgramConfig> {
  const overlay = new Map(
    Object.entries(args.overlay ?? {}).map(([key, value]) => [
      normaliseKey(key, args.projectName),
      value,
    ]),
  );
  // The overlay counts as given when the project asks for a value.
  const given = new Map<string, ConfigTree>(args.entries ?? []);
  for (const [key, { value }] of overlay) given.set(key, value);
  const checked = args.project
    ? applySchema(withoutSecrecy(args.project, overlay), args.stack, given, args.validate ?? true)
    : given;

  const sealed = [...checked].some(([key, tree]) => !overlay.has(key) && holdsSecret(tree));
  const hidden = [...overlay.values()].some(({ secret }) => secret);
  let crypter: Crypter | undefined;
  if (sealed || (hidden && args.secrets)) crypter = await args.secrets?.unlock();

  const config: ProgramConfig = { values: {}, secretKeys: [], record: {} };
  for (const [key, tree] of checked) {
    const laid = overlay.get(key);
    if (laid) {
      config.values[key] = laid.value;
      if (laid.secret) config.secretKeys.push(key);
      config.record[key] = laid.secret
        ? { value: crypter?.encrypt(laid.value) ?? "[secret]", secure: true }
        : { value: laid.value };
      continue;
    }
    const { value, secret } = textOf(tree, crypter);
    config.values[key] = value;
    if (secret) config.secretKeys.push(key);
    config.record[key] = sealedTextOf(tree);
  }
  return config;
}

/** An overlaid secret is plain text here, which the schema would take for an open one. */
function withoutSecrecy(
  project: Project,
  overlay: ReadonlyMap<string, { secret?: boolean }>,
): Project {
  const config = Object.entries(project.config).map(([key, schema]) => [
    key,
    overlay.get(key)?.secret ? { ...schema, secret: false } : schema,
  ]);
  return { ...project, config: Object.fromEntries(config) as Project["config"] };
}
