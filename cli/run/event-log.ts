import { closeSync, openSync, writeSync } from "node:fs";
import type { EngineEvent } from "../../engine/events.js";
import { jsonLine } from "../display/json.js";

/** The file of `--event-log`: every event is on disk before the next one comes. */
export class EventLog {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  write(event: EngineEvent): void {
    writeSync(this.#file, jsonLine(event));
  }

  close(): void {
    closeSync(this.#file);
  }
}
