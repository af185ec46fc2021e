import { CloudError, isUnreachable } from "../errors.js";

/** A deletion's error, with how to get rid of what is on a host that will never answer again. */
export function withGiveUpHint(error: unknown): unknown {
  if (!(error instanceof CloudError) || !isUnreachable(error)) return error;
  const { host, code, message, reasons } = error;
  const what = (message.split("\n")[0] ?? "").replace(/^host [^:]+: /, "");
  return new CloudError(code, what, {
    ...(host === undefined ? {} : { host }),
    reasons: [...reasons],
    hint: 'If it will never come back, set whenUnreachable: "forget" on the host, run up, then delete it.',
    cause: error,
  });
}
