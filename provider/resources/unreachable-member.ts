import { CloudError, isUnreachable } from "../errors.js";
import type { HostConnection } from "../host/connection.js";
import { isGivenUp } from "../host/lost-hosts.js";

/**
 * Whether a host of a network that failed may be brought up to date later, by the first up that reaches it: this run gave
 * it up, or it took part before and is not there to be asked. What runs there goes on with what it has.
 */
export function canWait(
  connection: HostConnection,
  error: unknown,
  { tookPart }: { tookPart: boolean },
): boolean {
  if (isUnreachable(error) && isGivenUp(connection)) return true;
  return tookPart && error instanceof CloudError && error.code === "unreachable";
}
