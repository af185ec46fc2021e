/**
 * Pulumi's dynamic-provider server writes an error of check, diff, read or delete to stderr as well as to the resource's
 * diagnostics, so users would read it twice. What is ours it need not write.
 */
const announced = new Set<string>();
let isPatched = false;

/** Keeps the server from writing this error to stderr; other texts are not touched. */
export function reportOnce(error: Error): void {
  // Exactly what the server writes (cmd/dynamic-provider: `${e}: ${e.stack}`).
  announced.add(`${String(error)}: ${error.stack ?? ""}`);
  if (isPatched) return;
  isPatched = true;
  const write = console.error.bind(console);
  console.error = (...args: unknown[]) => {
    if (args.length === 1 && typeof args[0] === "string" && announced.delete(args[0])) return;
    write(...args);
  };
}
