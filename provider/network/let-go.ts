import { setTimeout as pause } from "node:timers/promises";

const EVERY_MS = 250;
const TIMES = 40;

/**
 * Docker counts a network's endpoint for some moments after its container is gone, and refuses to remove the network
 * meanwhile: it is asked again for ten seconds.
 */
export async function untilLetGo(remove: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await remove();
      return;
    } catch (error) {
      if (attempt === TIMES || !/is in use|active endpoints/.test(String(error))) throw error;
      await pause(EVERY_MS);
    }
  }
}
