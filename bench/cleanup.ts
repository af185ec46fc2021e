type Cleanup = () => Promise<unknown>;

const pending = new Set<Cleanup>();

/** Runs a suite and takes away what it made, also when it fails. `atEnd` may be called as soon as something is about to exist. */
export async function withCleanup<T>(
  body: (atEnd: (cleanup: Cleanup) => void) => Promise<T>,
): Promise<T> {
  const mine: Cleanup[] = [];
  try {
    return await body((cleanup) => {
      mine.unshift(cleanup);
      pending.add(cleanup);
    });
  } finally {
    for (const cleanup of mine) await finish(cleanup);
  }
}

/** Everything that is there now, last made first: for Ctrl-C. */
export async function cleanUpAll(): Promise<void> {
  for (const cleanup of [...pending].reverse()) await finish(cleanup);
}

async function finish(cleanup: Cleanup): Promise<void> {
  if (!pending.delete(cleanup)) return;
  try {
    await cleanup();
  } catch (error) {
    console.error(`bench: cleaning up failed: ${String(error)}`);
  }
}
