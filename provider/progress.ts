import type { Meta } from "./lifecycle.js";
import { currentOperation } from "./operation.js";
import { redact } from "./redact.js";

/** Writes to the resource's row or to its diagnostics in the running `pulumi up`. Never fails, never blocks for long. */
export interface ProgressOptions {
  warn?: boolean;
  /** Keep the line under Diagnostics; otherwise it is a passing status of the row. */
  keep?: boolean;
}

interface Sink {
  log(urn: string, message: string, options: ProgressOptions): Promise<void>;
}

let sink: Promise<Sink | undefined> | undefined;

/** A status of the resource that is being worked on: "pulling image 45%". */
export function progress(message: string, meta?: Meta): void {
  void send(message, {}, meta);
}

/** An information that stays. */
export function inform(message: string, meta?: Meta): Promise<void> {
  return send(message, { keep: true }, meta);
}

/** A warning that stays. */
export function warn(message: string, meta?: Meta): Promise<void> {
  return send(message, { keep: true, warn: true }, meta);
}

async function send(
  message: string,
  options: ProgressOptions,
  meta: Meta | undefined,
): Promise<void> {
  const urn = (meta ?? currentOperation()?.meta)?.urn ?? "";
  sink ??= engineSink();
  try {
    await (await sink)?.log(urn, redact(message), options);
  } catch {
    // A lost log line is no failure.
  }
}

/** Tests put theirs in place; without an argument the engine's is back. */
export function useSink(
  other?: (urn: string, message: string, options: ProgressOptions) => void,
): void {
  sink = other
    ? Promise.resolve({ log: async (urn, message, options) => other(urn, message, options) })
    : undefined;
}

/** The dynamic-provider server gets the engine's address as its first argument; elsewhere there is no engine. */
async function engineSink(): Promise<Sink | undefined> {
  const address = process.argv[2];
  if (address === undefined || !/^(127\.0\.0\.1|\[::1\]|localhost):\d+$/.test(address))
    return undefined;
  try {
    const [grpc, services, messages] = await Promise.all([
      import("@grpc/grpc-js"),
      import("@pulumi/pulumi/proto/engine_grpc_pb.js").then(exportsOf),
      import("@pulumi/pulumi/proto/engine_pb.js").then(exportsOf),
    ]);
    const client = new services.EngineClient(address, grpc.credentials.createInsecure());
    return {
      log: (urn, message, options) => {
        const request = new messages.LogRequest();
        request.setUrn(urn);
        request.setMessage(message);
        request.setSeverity(
          options.warn ? messages.LogSeverity.WARNING : messages.LogSeverity.INFO,
        );
        request.setEphemeral(options.keep !== true);
        return new Promise((resolve) => {
          client.log(request, new grpc.Metadata(), { deadline: Date.now() + 2000 }, () =>
            resolve(),
          );
        });
      },
    };
  } catch {
    return undefined; // not a documented API of the SDK: silence is the fallback
  }
}

/** The generated files fill `exports` in a way that Node's named imports do not see; all of it is the default export. */
function exportsOf<T>(module: T): T {
  return (module as { default?: T }).default ?? module;
}
