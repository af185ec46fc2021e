import { CloudError } from "../../errors.js";
import type { PlacedContainerInputs } from "./inputs.js";

const DEFAULT_SECONDS = 900;

/**
 * Gives up a little before the operation as a whole is given up, so that the container that is there by then is kept
 * in the state.
 */
export function operationSignal(
  verb: "create" | "update",
  { meta, place }: PlacedContainerInputs,
): AbortSignal {
  const seconds = meta.timeouts?.[verb] ?? DEFAULT_SECONDS;
  const controller = new AbortController();
  const timer = setTimeout(
    () => {
      controller.abort(
        new CloudError(
          "deadline",
          `${verb} of container ${meta.name} did not end within ${seconds} s`,
          {
            host: place.host,
            hint: "Run again: what is there is kept. Raise customTimeouts if the host is slow.",
          },
        ),
      );
    },
    Math.max(100, seconds * 1000 - 2000),
  );
  timer.unref();
  return controller.signal;
}
