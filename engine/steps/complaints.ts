import { Bail } from "../deployment/deployment.js";
import type { EventStream } from "../deployment/diagnostics.js";

/** What the generator itself finds wrong with a program, as opposed to what fails when it is done. */
export class Complaints {
  readonly #events: EventStream;
  readonly #dryRun: boolean;
  #any = false;

  constructor(events: EventStream, dryRun: boolean) {
    this.#events = events;
    this.#dryRun = dryRun;
  }

  /** The operation has not succeeded, whatever else comes. */
  get any(): boolean {
    return this.#any;
  }

  /** Notes an error that somebody else has reported. */
  note(): void {
    this.#any = true;
  }

  report(urn: string, message: string): void {
    this.#events.diagnostic("error", message, { urn });
    this.#any = true;
  }

  /** Ends the operation. */
  refuse(urn: string, message: string): never {
    this.report(urn, message);
    throw new Bail(message);
  }

  /** Ends an update; a preview goes on, so that it shows everything that is wrong. */
  refuseUpdate(urn: string, message: string): void {
    if (!this.#dryRun) this.refuse(urn, message);
    this.report(urn, message);
  }
}
