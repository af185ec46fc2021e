import { CloudError } from "../errors.js";
import type { Transport } from "../host/transport.js";
import { ANNOUNCE } from "./gratuitous-arp.js";
import { macOf } from "./names.js";

/** A container's address that may have been somewhere else before. */
export interface Announcement {
  /** Process id of the container on its host. */
  pid: number;
  address: string;
  /** What the network is called, for messages. */
  network: string;
}

interface Waiting {
  announcement: Announcement;
  resolve: () => void;
  reject: (error: unknown) => void;
}

interface Queue {
  waiting: Waiting[];
  running: boolean;
}

const queues = new WeakMap<Transport, Queue>();

/** Announces an address. Calls for one host that come while another is under way go together in the next command. */
export function announce(transport: Transport, announcement: Announcement): Promise<void> {
  const queue = queues.get(transport) ?? { waiting: [], running: false };
  queues.set(transport, queue);
  return new Promise((resolve, reject) => {
    queue.waiting.push({ announcement, resolve, reject });
    if (!queue.running) void drain(transport, queue);
  });
}

async function drain(transport: Transport, queue: Queue): Promise<void> {
  queue.running = true;
  // Whatever else starts in this turn of the event loop comes along.
  await Promise.resolve();
  while (queue.waiting.length > 0) {
    const batch = queue.waiting.splice(0);
    try {
      await send(transport, batch);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
  queue.running = false;
}

async function send(transport: Transport, batch: Waiting[]): Promise<void> {
  const lines = batch.map(
    ({ announcement: { pid, address } }) => `${pid} ${address} ${macOf(address)}\n`,
  );
  const result = await transport.script(ANNOUNCE, [], {
    stdin: lines.join(""),
    timeoutMs: 30_000,
  });
  const missing = new Set(result.stdout.split("\n"));
  for (const { announcement, resolve, reject } of batch) {
    const { pid, address, network } = announcement;
    const gone = missing.has(`${pid} ${address}`);
    if (!gone && (result.code === 0 || missing.size > 1)) resolve();
    else
      reject(
        new CloudError(
          "command",
          gone
            ? `cannot announce ${address} on network ${network}: the container does not have it`
            : `cannot announce ${address} on network ${network}`,
          {
            host: transport.connection.name,
            reasons: result.stderr.trim() === "" ? [] : [result.stderr.trim()],
            hint: "Run pulumi up again.",
          },
        ),
      );
  }
}
