import { afterAll, beforeAll } from "vitest";

/** Programs that fail on purpose leave rejections behind, which the engines catch; the test runner would count them, too. */
export function ignoreRejections(): void {
  const listeners = process.listeners("unhandledRejection");
  beforeAll(() => {
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", () => undefined);
  });
  afterAll(() => {
    process.removeAllListeners("unhandledRejection");
    for (const listener of listeners) process.on("unhandledRejection", listener);
  });
}
