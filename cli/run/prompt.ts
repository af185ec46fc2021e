import { createInterface } from "node:readline/promises";

/** Asks yes, no or details on the terminal until it is yes or no. Ctrl-C and the end of input cancel. */
export async function confirm(
  question: string,
  showDetails: (() => void) | undefined,
): Promise<"yes" | "no" | "cancelled"> {
  const choices = showDetails === undefined ? "yes/no" : "yes/no/details";
  for (;;) {
    const answer = await ask(`${question} [${choices}] `);
    if (answer === undefined) return "cancelled";
    const word = answer.trim().toLowerCase();
    if (word === "y" || word === "yes") return "yes";
    if (word === "n" || word === "no") return "no";
    if (showDetails !== undefined && (word === "d" || word === "details")) showDetails();
  }
}

/** One line from the terminal; undefined when it was closed or Ctrl-C was pressed. */
export async function ask(question: string): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await new Promise<string | undefined>((resolve, reject) => {
      lines.once("SIGINT", () => {
        process.stdout.write("\n");
        resolve(undefined);
      });
      lines.once("close", () => resolve(undefined));
      lines.question(question).then(resolve, reject);
    });
  } finally {
    lines.close();
  }
}

/** One line that is not shown while it is typed, for secrets and passphrases. */
export async function askHidden(question: string): Promise<string | undefined> {
  process.stdout.write(question);
  const { stdin } = process;
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.resume();
  try {
    return await new Promise<string | undefined>((resolve) => {
      let typed = "";
      const read = (chunk: string): void => {
        for (const key of chunk) {
          if (key === "\r" || key === "\n" || key === "\u0003" || key === "\u0004") {
            stdin.off("data", read);
            resolve(key === "\u0003" ? undefined : typed);
            return;
          }
          typed = key === "\u007f" || key === "\b" ? typed.slice(0, -1) : typed + key;
        }
      };
      stdin.on("data", read);
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    process.stdout.write("\n");
  }
}

/** Everything on standard input. */
export async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}
