import { LabError } from "../../lab/index.js";
import { CloudError } from "../../provider/errors.js";
import { Interrupted, QuickstartError } from "./errors.js";
import { quickstart } from "./quickstart.js";
import { takeDown } from "./take-down.js";

/** `npm run quickstart`, and `-- --down`. Resolves with 0, 1 for a failure, 130 when interrupted, 255 for usage. */
async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => arg !== "--down");
  if (unknown !== undefined) {
    console.error(`quickstart: unknown argument ${unknown}; there is only --down`);
    return 255;
  }
  try {
    await (args.includes("--down") ? takeDown() : quickstart());
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      console.error(
        "\nInterrupted. Run the same command again to go on, or `npm run quickstart -- --down` to remove everything.",
      );
      return 130;
    }
    const isSentence =
      error instanceof CloudError || error instanceof LabError || error instanceof QuickstartError;
    console.error(`\n${isSentence ? error.message : String((error as Error).stack ?? error)}`);
    return 1;
  }
}

// Connections to hosts do not keep a process alive; work that waits for one must.
setInterval(() => undefined, 2 ** 30);

void main(process.argv.slice(2)).then((code) => process.exit(code));
