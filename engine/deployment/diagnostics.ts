import { performance } from "node:perf_hooks";
import type { EngineEvent, Severity } from "../events.js";

type Body = Omit<EngineEvent, "sequence" | "timestamp">;

/** Shorter ones would mask every other word. */
const SHORTEST_SECRET = 3;

/** Numbers events, hands them on, and remembers what went wrong. A listener that throws does not harm the operation. */
export class EventStream {
  readonly #listener: ((event: EngineEvent) => void) | undefined;
  readonly errors: string[] = [];
  readonly #started = performance.now();
  #sequence = 0;
  /** Messages without a resource belong to the root stack, once there is one. */
  rootUrn: string | undefined;
  readonly #debug: boolean;
  /** Values of secret configuration: they may stand in any message. */
  readonly #hidden: readonly string[];

  constructor(
    listener: ((event: EngineEvent) => void) | undefined,
    options: { debug?: boolean; hidden?: readonly string[] } = {},
  ) {
    this.#listener = listener;
    this.#debug = options.debug ?? false;
    this.#hidden = (options.hidden ?? []).filter((value) => value.length >= SHORTEST_SECRET);
  }

  get observed(): boolean {
    return this.#listener !== undefined;
  }

  get durationSeconds(): number {
    return Math.round((performance.now() - this.#started) / 1000);
  }

  emit(body: Body): void {
    if (this.#listener === undefined) return;
    const sequence = this.#sequence++;
    try {
      this.#listener({
        sequence,
        timestamp: Math.floor(Date.now() / 1000),
        ...body,
      });
    } catch (error) {
      process.emitWarning(`an event listener failed: ${String(error)}`);
    }
  }

  /** A text with the values of secret configuration masked. */
  withoutSecrets(text: string): string {
    return this.#hidden.reduce((left, value) => left.replaceAll(value, "[secret]"), text);
  }

  diagnostic(
    severity: Severity,
    text: string,
    options: { urn?: string | null; ephemeral?: boolean; streamId?: number } = {},
  ): void {
    // The SDK reports each of its requests with all values.
    if (severity === "debug" && !this.#debug) return;
    const message = this.withoutSecrets(text);
    if (severity === "error") this.errors.push(message);
    // null: it belongs to no resource, not even to the stack.
    const urn = options.urn === null ? undefined : options.urn || this.rootUrn;
    this.emit({
      diagnosticEvent: {
        ...(urn === undefined ? {} : { urn }),
        prefix: severity.startsWith("info") ? "" : `${severity}: `,
        message: message.endsWith("\n") ? message : `${message}\n`,
        color: "never",
        severity,
        ...(options.streamId === undefined ? {} : { streamID: options.streamId }),
        ...(options.ephemeral === true ? { ephemeral: true } : {}),
      },
    });
  }
}
