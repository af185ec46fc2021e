import { CloudError } from "../errors.js";
import type { FaultPoint } from "./transport.js";

/**
 * Named places where tests break things. In process: `armFault`. For a whole run in other processes: the variable
 * CLOCKER_FAULT, a list `point[@host][#nth]:action` separated by commas, e.g. `created:kill`,
 * `started@h2#3:error`, `created:hang`, `connect:drop`.
 */
export type FaultAction = "kill" | "hang" | "error" | "drop" | (() => void | Promise<void>);

interface Fault {
  point: string;
  host: string | undefined;
  /** Fires at the nth passage only; absent: at the first. */
  nth: number;
  seen: number;
  action: FaultAction;
}

const faults: Fault[] = parseFaults(process.env["CLOCKER_FAULT"]);

/** Passes a named place. Does nothing unless a test has armed it. */
export async function faultPoint(point: FaultPoint, host?: string): Promise<void> {
  if (faults.length === 0) return;
  for (const fault of faults) {
    if (fault.point !== point || (fault.host !== undefined && fault.host !== host)) continue;
    fault.seen += 1;
    if (fault.seen === fault.nth) await perform(fault.action, point, host);
  }
}

/** Arms a place in this process; the answer disarms it. */
export function armFault(
  point: FaultPoint,
  action: FaultAction,
  options: { host?: string; nth?: number } = {},
): () => void {
  const fault: Fault = { point, host: options.host, nth: options.nth ?? 1, seen: 0, action };
  faults.push(fault);
  return () => {
    const at = faults.indexOf(fault);
    if (at >= 0) faults.splice(at, 1);
  };
}

/** Disarms everything. */
export function disarmFaults(): void {
  faults.length = 0;
}

async function perform(action: FaultAction, point: FaultPoint, host: string | undefined) {
  if (typeof action === "function") return action();
  if (action === "kill") {
    process.kill(process.pid, "SIGKILL");
    // The signal is delivered asynchronously; nothing more may happen in this process.
    return new Promise<void>(() => setTimeout(() => {}, 60_000));
  }
  // As a step that never ends, so that a test can stop the engine in its midst.
  if (action === "hang") return new Promise<void>(() => setInterval(() => {}, 60_000));
  const where = host === undefined ? {} : { host };
  if (action === "drop")
    throw new CloudError("unreachable", `the connection was lost (fault at ${point})`, where);
  throw new CloudError("internal", `fault at ${point}`, where);
}

/** Reads CLOCKER_FAULT. */
export function parseFaults(text: string | undefined): Fault[] {
  if (!text) return [];
  return text.split(",").map((entry) => {
    const match = /^([a-z-]+)(?:@([^#:]+))?(?:#(\d+))?:(kill|hang|error|drop)$/.exec(entry.trim());
    if (!match)
      throw new CloudError(
        "invalid-input",
        `CLOCKER_FAULT: "${entry}" is not point[@host][#nth]:action`,
      );
    return {
      point: match[1] ?? "",
      host: match[2],
      nth: Number(match[3] ?? 1),
      seen: 0,
      action: match[4] as "kill" | "hang" | "error" | "drop",
    };
  });
}
