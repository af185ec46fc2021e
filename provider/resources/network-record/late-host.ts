import { warn } from "../../progress.js";
import type { Outcome } from "../each-host.js";
import { canWait } from "../unreachable-member.js";
import type { RecordWork } from "./on-hosts.js";

type Failure = Outcome<void, RecordWork>;

/** Whether the host may have its record later; `tookPart`: it was in the network before. */
export function isLate({ work: { host }, error }: Failure, tookPart: boolean): boolean {
  return canWait(host.connection, error, { tookPart });
}

/** `later`: what happens there then. The state notes the hosts as problems, so that every preview shows it. */
export async function warnOfLate(failures: readonly Failure[], later: string): Promise<void> {
  const names = failures.map(({ work }) => work.host.name).join(", ");
  await warn(`host ${names} cannot be reached: ${later} by the first up that reaches it`);
}
