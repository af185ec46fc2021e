import { CloudError, messageOf } from "../errors.js";
import { progress } from "../progress.js";

/** What an operation does on one host. */
export interface OnHost {
  host: { name: string };
}

export interface Outcome<T, Work extends OnHost = OnHost> {
  work: Work;
  value?: T;
  error?: unknown;
}

/** All hosts at once. Every one comes to its end, so that what is known of each can be kept. */
export async function onEach<T, Work extends OnHost>(
  works: readonly Work[],
  doing: string,
  body: (work: Work) => Promise<T>,
): Promise<Outcome<T, Work>[]> {
  let done = 0;
  return Promise.all(
    works.map(async (work): Promise<Outcome<T, Work>> => {
      try {
        const value = await body(work);
        done += 1;
        progress(`${doing} ${work.host.name} (${done} of ${works.length})`);
        return { work, value };
      } catch (error) {
        progress(`${work.host.name}: ${firstLine(error)}`);
        return { work, error };
      }
    }),
  );
}

export function failuresOf<T, Work extends OnHost>(
  outcomes: readonly Outcome<T, Work>[],
): Outcome<T, Work>[] {
  return outcomes.filter((outcome) => outcome.error !== undefined);
}

/** The host refused, or was never reached: nothing of ours is there. */
export function untouched(error: unknown): boolean {
  return (
    error instanceof CloudError &&
    ["conflict", "unsupported", "host-key", "authentication"].includes(error.code)
  );
}

/** Status of each host that failed, for the state. */
export function problemsOf(outcomes: readonly Outcome<unknown>[]): Record<string, string[]> {
  return Object.fromEntries(
    failuresOf(outcomes).map(({ work, error }) => [work.host.name, [firstLine(error)]]),
  );
}

/** One sentence for each host: for those that failed, why. */
export function statusOf(outcomes: readonly Outcome<unknown>[], done: string): string[] {
  return outcomes.map(({ work, error }) =>
    error === undefined ? `host ${work.host.name}: ${done}` : messageOf(error),
  );
}

/** Several hosts' errors as one; a single one as it is. */
export function combined(what: string, outcomes: readonly Outcome<unknown>[]): CloudError {
  const errors = failuresOf(outcomes).map(({ error }) => error);
  const first = errors[0];
  if (errors.length === 1 && first instanceof CloudError) return first;
  return new CloudError(first instanceof CloudError ? first.code : "internal", what, {
    reasons: errors.map((error) => firstLine(error)),
    hint: "Put right what the reasons name and run again.",
    cause: first,
  });
}

function firstLine(error: unknown): string {
  return messageOf(error).split("\n")[0] ?? "";
}
