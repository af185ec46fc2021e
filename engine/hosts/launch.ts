import { existsSync, writeFileSync } from "node:fs";
import { createRequire, enableCompileCache, flushCompileCache } from "node:module";
import { basename, dirname, join } from "node:path";
import type * as structPb from "google-protobuf/google/protobuf/struct_pb.js";
import { speedUpStructs } from "../values/fast-struct.js";
import { isTraced, type LaunchSettings } from "./launch-settings.js";
import { loadLater } from "./lazy-modules.js";
import { type DebugLog, quietDebug } from "./quiet-debug.js";
import { type RpcModule, speedUpInputs } from "./fast-inputs.js";
import { type GeneratedClient, type Grpc, useLink } from "./sdk-link.js";
import { type Debuggable, type PromiseStore, watchWithoutStacks } from "./watched-promises.js";

/**
 * First thing in a child that runs one of the SDK's scripts (a program, the dynamic provider): runs that script with the
 * costly parts of the SDK made cheap. Nothing that a program can see is different, and what cannot be found is left alone.
 */
function launch(settings: LaunchSettings, script: string): void {
  process.argv.splice(1, 3, script);
  const load = createRequire(script);
  const sdk = dirname(load.resolve("@pulumi/pulumi/package.json"));
  const quiet = !isTraced(process.env);
  if (quiet) {
    keepCompiled(join(sdk, "..", "..", ".cache", "clocker"), script);
    const loadOwn = createRequire(join(sdk, "index.js"));
    for (const rare of RARE) attempt(() => loadLater(loadOwn, rare));
    attempt(() => withoutExporters(loadOwn, "./cmd/run/tracing"));
    if (settings.linked)
      attempt(() => {
        const { ResourceMonitorClient } = loadOwn("./proto/resource_grpc_pb") as Clients;
        const { EngineClient } = loadOwn("./proto/engine_grpc_pb") as Clients;
        const clients = [ResourceMonitorClient!, EngineClient!];
        useLink(loadOwn("@grpc/grpc-js") as Grpc, settings.engine, clients);
      });
    attempt(() =>
      speedUpStructs(load("google-protobuf/google/protobuf/struct_pb.js") as typeof structPb),
    );
  }
  attempt(() => withPlainErrors(load(join(sdk, "cmd", "run", "error.js")) as ErrorModule));
  load(script);
  if (!settings.debug) attempt(() => quietDebug(load(join(sdk, "log", "index.js")) as DebugLog));
  if (!quiet || process.env["PULUMI_DEBUG_PROMISE_LEAKS"]) return;
  attempt(() =>
    watchWithoutStacks(
      load(join(sdk, "runtime", "debuggable.js")) as Debuggable,
      load(join(sdk, "runtime", "state.js")) as PromiseStore,
    ),
  );
  attempt(() => withKnownPositions(load(join(sdk, "resource.js")) as ResourceModule));
  attempt(() => speedUpInputs(load(join(sdk, "runtime", "rpc.js")) as RpcModule));
}

/**
 * Modules that the SDK loads at its start and few programs use: the Automation API, what finds the packages that a serialized
 * function needs (npm's own dependency resolver), exporters of traces. A third of the time that a program takes to load.
 */
const RARE = ["./automation", "@npmcli/arborist", "./typescript-shim"];

/**
 * The SDK opens spans also when nobody traces: OpenTelemetry's interface gives it empty ones, so that its exporters need not
 * be loaded. We never give a program a URL to trace to, which is when it would start one.
 */
function withoutExporters(load: NodeJS.Require, tracing: string): void {
  const { trace } = load("@opentelemetry/api") as OpenTelemetry;
  const newSpan = (name: string): unknown => trace.getTracer("nodejs-runtime").startSpan(name);
  loadLater(load, tracing, { start: () => undefined, stop: () => undefined, newSpan });
}

type Clients = Record<string, GeneratedClient>;

interface OpenTelemetry {
  trace: { getTracer(name: string): { startSpan(name: string): unknown } };
}

/** Keeps compiled code between runs. A provider is ended by a signal, before which Node writes nothing: so once, early. */
function keepCompiled(folder: string, script: string): void {
  const { directory } = enableCompileCache(folder);
  if (directory === undefined) return;
  const mark = join(directory, `${basename(dirname(script))}-${process.version}.kept`);
  if (existsSync(mark)) return;
  const keep = (): void => {
    flushCompileCache();
    writeFileSync(mark, "");
  };
  setTimeout(() => attempt(keep), 1000).unref();
}

function attempt(change: () => void): void {
  try {
    change();
  } catch {
    // Another version of the SDK: it works as it is, only slower.
  }
}

interface ErrorModule {
  defaultErrorMessage: (error: unknown) => string;
}

/**
 * The SDK inspects every uncaught error in colour, for its trace even one that it shows by its message. Node 22.23 goes
 * round in circles for a minute when such a stack leads through a scoped package, as all of a program's do.
 */
function withPlainErrors(module: ErrorModule): void {
  const inspect = module.defaultErrorMessage;
  module.defaultErrorMessage = (error) =>
    error instanceof Error && error.stack ? error.stack : inspect(error);
}

interface Position {
  file?: string;
  line?: number;
  column?: number;
}

interface ResourceModule {
  Resource: { callsites?: (this: unknown) => Position[]; framePositionRegExp?: RegExp };
}

type Prepare = (error: Error, frames: NodeJS.CallSite[]) => unknown;

/**
 * The SDK asks for the whole stack of each resource's constructor and has every frame looked up in source maps. A loop
 * that makes a thousand resources has one stack: each frame is looked up once.
 */
function withKnownPositions({ Resource }: ResourceModule): void {
  const { callsites: original, framePositionRegExp: pattern } = Resource;
  if (original === undefined || pattern === undefined) return;
  const known = new Map<string, Position>();
  Resource.callsites = function callsites(): Position[] {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- put back as it was
    const prepare = Error.prepareStackTrace as Prepare | undefined;
    // Without it Node itself looks positions up, which is fast.
    if (prepare === undefined) return original.call(Resource);
    const limit = Error.stackTraceLimit;
    let frames: NodeJS.CallSite[] = [];
    try {
      Error.stackTraceLimit = Number.POSITIVE_INFINITY;
      Error.prepareStackTrace = (_error, found) => {
        frames = found;
        return "";
      };
      void new Error().stack;
    } finally {
      Error.prepareStackTrace = prepare as typeof Error.prepareStackTrace;
      Error.stackTraceLimit = limit;
    }
    return frames.map((frame) => {
      const place = `${frame.getFileName()}:${frame.getLineNumber()}:${frame.getColumnNumber()}`;
      let position = known.get(place);
      if (position === undefined) {
        position = positionIn(String(prepare(new Error(), [frame])), pattern);
        known.set(place, position);
      }
      return position;
    });
  };
}

/** As the SDK reads a line of a stack. */
function positionIn(stack: string, pattern: RegExp): Position {
  const line = stack.split("\n").find((each) => /^\s*at /.test(each)) ?? "";
  const { file, line: row, column } = pattern.exec(line)?.groups ?? {};
  if (file === undefined || file.startsWith("node:")) return {};
  return { file, line: Number(row), column: Number(column) };
}

launch(JSON.parse(process.argv[2] ?? "{}") as LaunchSettings, process.argv[3] ?? "");
