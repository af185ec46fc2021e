/** How a command ends: the pulumi CLI's codes (pulumi/pulumi sdk/go/common/util/cmdutil/exit.go). */
export const EXIT = {
  ok: 0,
  /** Something failed or was refused, or the command line is wrong. */
  error: 1,
  /** It would have to ask, and nobody is there. */
  unconfirmed: 2,
  /** There is no stack of that name. */
  noStack: 6,
  /** Changes where none were expected. */
  changes: 7,
} as const;
