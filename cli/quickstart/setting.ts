import { join, resolve } from "node:path";

/** This checkout: the compiled file is at dist/cli/quickstart/ in it. */
export const ROOT = resolve(__dirname, "../../..");
/** Name of the lab and of the stack. Another one is a quickstart of its own, beside one that runs. */
const NAME = process.env.CLOCKER_QUICKSTART_NAME?.trim() || "quickstart";
const IS_OTHER = NAME !== "quickstart";
const HOME = join(ROOT, ".clocker");
/** Everything the quickstart writes is in here. */
export const STATE = IS_OTHER ? join(HOME, "quickstarts", NAME) : HOME;
export const PASSPHRASE_FILE = join(STATE, "passphrase");
export const INVENTORY_FILE = join(STATE, "inventory.json");
export const IMAGES = join(HOME, "images");
export const BACKEND = join(STATE, "state");
export const STACK_FILE = join(ROOT, `Pulumi.${NAME}.yaml`);
export const STACK = NAME;
export const LAB = NAME;
export const LAB_HOSTS = 3;
/** What `--down` removes besides the lab. Images are kept: they can be made again from the same files at any time. */
export const LEAVINGS = IS_OTHER
  ? [STATE, STACK_FILE]
  : [BACKEND, INVENTORY_FILE, PASSPHRASE_FILE, STACK_FILE];

/** Hosts the user has, instead of a lab. */
export const ownHosts = (): string | undefined => process.env.CLOCKER_HOSTS?.trim() || undefined;

/** What every command of the quickstart's stack runs with. */
export const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PULUMI_CONFIG_PASSPHRASE_FILE: PASSPHRASE_FILE,
  // By default the project's own: Pulumi.yaml names it.
  ...(IS_OTHER
    ? { PULUMI_BACKEND_URL: `file://${BACKEND}`, PULUMI_HOME: join(STATE, "home") }
    : {}),
});
