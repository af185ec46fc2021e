import { EXIT } from "./exit-codes.js";
import { painter, wantsColor } from "./display/paint.js";
import { sanitize, span } from "./display/text.js";

/** Errors whose message is written for users. Told apart by name, so that nothing is loaded for it. */
const FOR_USERS = new Set(["CloudError", "EngineError", "LabError"]);

const isDebug = (): boolean => (process.env["CLOCKER_DEBUG"] ?? "") !== "";

/** What to print of an error: its message; the stack only when asked for. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = isDebug() && error.stack !== undefined ? `\n${error.stack}` : "";
  const isSystem = typeof (error as NodeJS.ErrnoException).syscall === "string";
  if (FOR_USERS.has(error.name) || isSystem) return `${sanitize(error.message)}${stack}`;
  const hint = isDebug()
    ? ""
    : "\nThis should not have happened; CLOCKER_DEBUG=1 shows where it did.";
  return `${sanitize(error.message)}${hint}${stack}`;
}

/** What a command ends with that threw this. */
export const exitCodeOf = (error: unknown): number =>
  error instanceof Error && (error as { missing?: unknown }).missing === "stack"
    ? EXIT.noStack
    : EXIT.error;

/** Writes an error to stderr. */
export function reportError(error: unknown): void {
  writeError(describeError(error));
}

/** Writes a sentence to stderr as an error. */
export function writeError(sentence: string): void {
  const paint = painter(wantsColor("auto", process.stderr.isTTY, process.env));
  process.stderr.write(`${paint([span("error: ", "red")])}${sentence}\n`);
}
