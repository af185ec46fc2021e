import * as pulumi from "@pulumi/pulumi";

/** Resources of ours that the engine has not answered yet. */
const waiting = new Map<pulumi.Resource, string>();
let isWatched = false;

/**
 * Watches that a resource gets its answer. A program in which resources wait for each other runs out of work, and
 * Pulumi takes that for its end: it deletes whatever was not registered, which may be everything. So a program that
 * ends while one of ours waits fails, with a sentence, before that.
 */
export function watchAnswer(resource: pulumi.CustomResource, what: string): void {
  if (!isWatched) {
    isWatched = true;
    process.once("beforeExit", () => {
      // An engine that gave up after a failure has hung up, and leaves what still waited without an answer.
      if (waiting.size > 0 && pulumi.runtime.hasMonitor())
        throw new pulumi.RunError(stuckSentence([...waiting.values()]));
    });
  }
  waiting.set(resource, what);
  const answered = () => void waiting.delete(resource);
  void (resource.urn as unknown as { promise(): Promise<string> })
    .promise()
    .then(answered, answered);
}

/** @internal */
export function stuckSentence(names: readonly string[]): string {
  const shown = names.slice(0, 6).join(", ");
  const more = names.length > 6 ? ` and ${names.length - 6} more` : "";
  return (
    `the program has ended, but ${shown}${more} still ${names.length === 1 ? "waits" : "wait"} for a value, so nothing is deleted: ` +
    "a cloud's plan cannot wait for what it decides itself. Take the value from something else, or make what needs it " +
    "after an await of what it needs"
  );
}
