import { createLogUpdate } from "log-update";
import type { DisplayRim } from "../display/display.js";

/** The real terminal, or the pipe in its place. */
export function terminalRim(): DisplayRim {
  const { stdout } = process;
  const live = createLogUpdate(stdout);
  return {
    now: () => performance.now(),
    size: () => ({ width: stdout.columns || 80, height: stdout.rows || 24 }),
    write: (text) => void stdout.write(text),
    frame: (text) => {
      if (text !== "") {
        live(text);
        return;
      }
      live.clear();
      // Gives the cursor back.
      live.done();
    },
    every: (milliseconds, action) => {
      const timer = setInterval(action, milliseconds);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}
