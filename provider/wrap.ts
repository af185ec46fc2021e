import { CloudError, messageOf } from "./errors.js";
import { withDeadline } from "./host/deadline.js";
import type {
  CheckResult,
  CreateResult,
  DiffResult,
  Lifecycle,
  Meta,
  ReadResult,
} from "./lifecycle.js";
import { inOperation, type Operation } from "./operation.js";
import { reportOnce } from "./quiet.js";
import { redact } from "./redact.js";

type Verb = Operation["verb"];

/** Seconds that a verb may take when the program sets no customTimeouts. */
const DEFAULT_SECONDS: Record<Verb, number> = {
  check: 60,
  diff: 30,
  create: 900,
  read: 120,
  update: 900,
  delete: 300,
};

export interface WrapOptions<State> {
  /** What users call it, for messages: "DockerHost". */
  kind: string;
  /** Reads the state of any released version into today's shape. */
  upcast?: (state: Record<string, unknown>) => State;
}

/**
 * The error that keeps a half-made object in the state: Pulumi stores id and properties, shows the reasons and plans
 * an update. To be thrown by create and update as soon as the object exists.
 */
export function partialFailure(
  id: string,
  inputs: object,
  outs: object,
  reasons: readonly string[],
): Error & { id: string; properties: object; reasons: string[] } {
  const provider = (inputs as Record<string, unknown>)["__provider"];
  return Object.assign(new Error(reasons.map(redact).join("; ")), {
    id,
    reasons: reasons.map(redact),
    properties: { ...outs, ...(provider === undefined ? {} : { __provider: provider }) },
  });
}

/**
 * What every lifecycle gets once: a deadline, messages without secrets and stacks, `__provider` kept on partial
 * failure (without it a later delete would fail), and the state of older versions upcast.
 */
export function wrapLifecycle<Inputs extends object, State extends Inputs>(
  lifecycle: Lifecycle<Inputs, State>,
  options: WrapOptions<State>,
): Lifecycle<Inputs, State> {
  const { kind } = options;
  const state = (raw: State): State => {
    const plain = withoutInternals(raw);
    return options.upcast ? options.upcast(plain as Record<string, unknown>) : plain;
  };
  return {
    check: (olds, news): Promise<CheckResult<Inputs>> =>
      guarded(kind, "check", news, () =>
        lifecycle.check(withoutInternals(olds ?? {}), withoutInternals(news)),
      ),
    diff: (id, olds, news): Promise<DiffResult> =>
      guarded(kind, "diff", news, () => lifecycle.diff(id, state(olds), withoutInternals(news))),
    create: (inputs): Promise<CreateResult<State>> =>
      guarded(kind, "create", inputs, () => lifecycle.create(withoutInternals(inputs))),
    read: (id, props): Promise<ReadResult<Inputs, State>> =>
      guarded(kind, "read", props, () => lifecycle.read(id, state(props))),
    update: (id, olds, news): Promise<{ outs: State }> =>
      guarded(kind, "update", news, () =>
        lifecycle.update(id, state(olds), withoutInternals(news)),
      ),
    delete: (id, props): Promise<void> =>
      guarded(kind, "delete", props, () => lifecycle.delete(id, state(props))),
  };
}

async function guarded<T>(
  kind: string,
  verb: Verb,
  inputs: object,
  body: () => Promise<T>,
): Promise<T> {
  const meta = metaOf(inputs);
  const seconds = secondsFor(verb, meta);
  const late = () =>
    new CloudError(
      "deadline",
      `${verb} of ${kind} ${meta?.name ?? ""} did not end within ${seconds} s; it may still take effect`,
      { hint: "Run again; raise customTimeouts if the host is slow." },
    );
  try {
    return await withDeadline(seconds * 1000, late, (signal) =>
      inOperation({ verb, meta, signal }, body),
    );
  } catch (error) {
    const result = shaped(error, inputs);
    reportOnce(result);
    throw result;
  }
}

/** Users see one message: no stack, no secret. */
function shaped(error: unknown, inputs: object): Error {
  const result = error instanceof Error ? error : new Error(messageOf(error));
  result.message = redact(result.message);
  if (!(result instanceof CloudError) && !("reasons" in result) && process.env["CLOCKER_DEBUG"])
    result.message += `\n${redact(result.stack ?? "")}`;
  result.stack = "";
  const partial = result as { id?: unknown; properties?: object };
  const provider = (inputs as Record<string, unknown>)["__provider"];
  if (partial.id !== undefined && partial.properties && provider !== undefined)
    partial.properties = { ...partial.properties, __provider: provider };
  return result;
}

/** Keys with two underscores are the dynamic-provider server's: it puts them back into every answer. */
function withoutInternals<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith("__"))) as T;
}

function metaOf(inputs: object): Meta | undefined {
  const meta = (inputs as { meta?: unknown }).meta;
  return typeof meta === "object" && meta !== null ? (meta as Meta) : undefined;
}

function secondsFor(verb: Verb, meta: Meta | undefined): number {
  const timeouts: unknown = meta?.timeouts;
  const own =
    typeof timeouts === "object" && timeouts !== null
      ? (timeouts as Partial<Record<Verb, unknown>>)[verb]
      : undefined;
  return typeof own === "number" && own > 0 ? own : DEFAULT_SECONDS[verb];
}
