import type { HostConnection } from "../../provider/host/connection.js";

/** A host's answer, or why there is none. */
export type Answer<T> = { host: string; value: T } | { host: string; error: string };

/** Asks all hosts at once; one that does not answer is an answer too. */
export async function eachHost<T>(
  hosts: readonly HostConnection[],
  ask: (connection: HostConnection) => Promise<T>,
): Promise<Answer<T>[]> {
  return Promise.all(
    hosts.map(async (connection): Promise<Answer<T>> => {
      try {
        return { host: connection.name, value: await ask(connection) };
      } catch (error) {
        return {
          host: connection.name,
          error: error instanceof Error ? error.message : String(error),
        };
      }
    }),
  );
}

/** Writes what hosts could not say to stderr, one sentence each; true when there was any. */
export function reportSilent(answers: readonly Answer<unknown>[]): boolean {
  const silent = answers.filter((answer) => "error" in answer);
  for (const answer of silent) process.stderr.write(`${answer.error}\n`);
  return silent.length > 0;
}
