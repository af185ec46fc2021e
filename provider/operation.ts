import { AsyncLocalStorage } from "node:async_hooks";
import type { Meta } from "./lifecycle.js";

/** What runs at the moment on behalf of the engine: one verb of one resource. */
export interface Operation {
  verb: "check" | "diff" | "create" | "read" | "update" | "delete";
  meta: Meta | undefined;
  /** Aborted when the operation's time is up; host access gives up with it. */
  signal: AbortSignal;
}

const current = new AsyncLocalStorage<Operation>();

export function inOperation<T>(operation: Operation, body: () => Promise<T>): Promise<T> {
  return current.run(operation, body);
}

export function currentOperation(): Operation | undefined {
  return current.getStore();
}
