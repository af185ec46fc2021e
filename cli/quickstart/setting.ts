import { join, resolve } from "node:path";

/** This checkout: the compiled file is at dist/cli/quickstart/ in it. */
export const ROOT = resolve(__dirname, "../../..");
/** Everything the quickstart writes is in here; `--down` removes it. */
export const STATE = join(ROOT, ".clocker");
export const PASSPHRASE_FILE = join(STATE, "passphrase");
export const INVENTORY_FILE = join(STATE, "inventory.json");
export const IMAGES = join(STATE, "images");
export const BACKEND = join(STATE, "state");
export const STACK_FILE = join(ROOT, "Pulumi.quickstart.yaml");
export const STACK = "quickstart";
export const LAB = "quickstart";
export const LAB_HOSTS = 3;

/** Hosts the user has, instead of a lab. */
export const ownHosts = (): string | undefined => process.env.CLOCKER_HOSTS?.trim() || undefined;

/** What every command of the quickstart's stack runs with. */
export const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PULUMI_CONFIG_PASSPHRASE_FILE: PASSPHRASE_FILE,
});
