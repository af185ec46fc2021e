import { CloudError, isUnreachable, messageOf } from "../errors.js";
import { withDeadline } from "../host/deadline.js";
import { redact } from "../redact.js";
import type { Transport } from "../host/transport.js";
import type {
  DriverContext,
  Endpoint,
  HostFacts,
  HostPart,
  HostRecord,
  JoinResult,
  NetworkDriver,
  NetworkRef,
  Observation,
  RecordObservation,
} from "./driver.js";
import { isOfAnother } from "./generation.js";
import { NETWORK_LOCK } from "./names.js";
import { RECORD_WORDS } from "./run-record.js";

/** Milliseconds for one call on one host, waiting for its lock included. */
const DEADLINE = 120_000;

/**
 * A driver in use on one host. Owns what all drivers share: the host's lock around everything that changes it, one
 * deadline a call, one more attempt after a lost connection (every call is idempotent), and scrubbed messages.
 */
export class NetworkRuntime {
  constructor(
    private readonly driver: NetworkDriver,
    private readonly transport: Transport,
    private readonly to: (host: string) => Transport,
    private readonly signal?: AbortSignal,
  ) {}

  prepare(part: HostPart): Promise<void> {
    return this.call("prepare for", part, (context) => this.driver.prepare(context, part));
  }

  /** Other hosts have to know something of this one before they join. */
  get introduces(): boolean {
    return this.driver.introduce !== undefined;
  }

  /** Traffic moves in steps that all hosts take together. */
  get hasSteps(): boolean {
    return this.driver.activate !== undefined;
  }

  /** What a host holds for all goes to another one when it leaves. */
  get takesBack(): boolean {
    return this.driver.takeBack !== undefined;
  }

  takeBack(part: HostPart, gone: { underlay: string }): Promise<void> {
    return this.changing("take back the addresses of", part, async (context) =>
      this.driver.takeBack?.(context, part, gone),
    );
  }

  async introduce(part: HostPart): Promise<HostFacts> {
    if (!this.driver.introduce) return {};
    return this.changing(
      "introduce the host to",
      part,
      async (context) => (await this.driver.introduce?.(context, part)) ?? {},
    );
  }

  activate(part: HostPart): Promise<void> {
    return this.changing("move the traffic of", part, async (context) =>
      this.driver.activate?.(context, part),
    );
  }

  retire(part: HostPart): Promise<void> {
    return this.changing("tidy up", part, async (context) => this.driver.retire?.(context, part));
  }

  /** `first`: no other host has it yet. */
  join(part: HostPart, first = false): Promise<JoinResult> {
    return this.changing("join", part, (context) => this.driver.join(context, part, first));
  }

  rename(part: HostPart): Promise<void> {
    return this.changing("update the names of", part, (context) =>
      this.driver.rename(context, part),
    );
  }

  /** Whether any name led elsewhere until now. */
  handOver(network: NetworkRef, addresses: readonly string[]): Promise<boolean> {
    return this.changing("hand over names of", network, (context) =>
      this.driver.handOver(context, network, addresses),
    );
  }

  putRecord(record: HostRecord): Promise<void> {
    return this.changing(RECORD_WORDS[record.kind].put, record, (context) =>
      this.driver.putRecord(context, record),
    );
  }

  dropRecord(record: HostRecord): Promise<void> {
    return this.changing(RECORD_WORDS[record.kind].drop, record, (context) =>
      this.driver.dropRecord(context, record),
    );
  }

  observeRecord(record: HostRecord): Promise<RecordObservation> {
    return this.call(RECORD_WORDS[record.kind].check, record, (context) =>
      this.driver.observeRecord(context, record),
    );
  }

  attach(part: HostPart, endpoint: Endpoint): Promise<void> {
    return this.call("attach to", part, (context) => this.driver.attach(context, part, endpoint));
  }

  detach(part: HostPart, endpoint: Endpoint): Promise<void> {
    return this.call("detach from", part, (context) => this.driver.detach(context, part, endpoint));
  }

  /** `ending`: all hosts leave. What a later creation has taken over is left to it. */
  leave(part: HostPart, ending: boolean): Promise<void> {
    return this.changing("leave", part, async (context) => {
      if (await isOfAnother(context, part)) return;
      await this.driver.leave(context, part, ending);
    });
  }

  /** A conflict while containers are on what `leave` would take away. */
  refuseInUse(part: HostPart): Promise<void> {
    return this.call("leave", part, async (context) => {
      if (!(await isOfAnother(context, part))) await this.driver.refuseInUse(context, part);
    });
  }

  observe(part: HostPart): Promise<Observation> {
    return this.call("observe", part, (context) => this.driver.observe(context, part));
  }

  private changing<T>(
    what: string,
    part: { networkId: string },
    body: (context: DriverContext) => Promise<T>,
  ): Promise<T> {
    return this.call(what, part, (context) =>
      this.transport.withLock(NETWORK_LOCK, () => body(context)),
    );
  }

  private async call<T>(
    what: string,
    part: { networkId: string } | undefined,
    body: (context: DriverContext) => Promise<T>,
  ): Promise<T> {
    const host = this.transport.connection.name;
    const network = part ? `network ${part.networkId}` : `networks of driver ${this.driver.name}`;
    const late = () =>
      new CloudError(
        "deadline",
        `did not ${what} ${network} within ${DEADLINE / 1000} s; it may still take effect`,
        { host, hint: "Run again: what is done is kept." },
      );
    const once = () =>
      withDeadline(
        DEADLINE,
        late,
        (signal) => body({ transport: this.transport, signal, to: this.to }),
        this.signal,
      );
    try {
      return await once().catch((error: unknown) => {
        const lost = error instanceof CloudError && error.code === "unreachable";
        if (!lost || this.signal?.aborted) throw error;
        return once();
      });
    } catch (error) {
      if (error instanceof CloudError) throw error;
      throw new CloudError(
        isUnreachable(error) ? "unreachable" : "internal",
        `could not ${what} ${network}: ${redact(messageOf(error))}`,
        { host, cause: error },
      );
    }
  }
}
