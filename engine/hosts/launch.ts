import { existsSync, writeFileSync } from "node:fs";
import { createRequire, enableCompileCache, flushCompileCache } from "node:module";
import { basename, dirname, join } from "node:path";
import type * as sourcePb from "@pulumi/pulumi/proto/source_pb.js";
import type * as structPb from "google-protobuf/google/protobuf/struct_pb.js";
import { speedUpStructs } from "../values/fast-struct.js";
import { speedUpTraces } from "../values/fast-trace.js";
import { type DependenciesModule, skipEmptyDependencies } from "./empty-dependencies.js";
import { type AnswerModule, speedUpAnswers } from "./fast-answers.js";
import { keepPositions, type ResourceModule } from "./known-positions.js";
import {
  type ErrorKinds,
  makeOutputsLate,
  type OutputClass,
  type TransferModule,
} from "./late-outputs.js";
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
    attempt(() => speedUpTraces(loadOwn("./proto/source_pb") as typeof sourcePb));
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
  attempt(() => keepPositions(load(join(sdk, "resource.js")) as ResourceModule));
  const rpc = join(sdk, "runtime", "rpc.js");
  attempt(() => speedUpInputs(load(rpc) as RpcModule));
  attempt(() => speedUpAnswers(load(rpc) as AnswerModule));
  attempt(() => {
    const { Output } = load(join(sdk, "output.js")) as { Output: OutputClass };
    const errors = load(join(sdk, "errors.js")) as ErrorKinds;
    makeOutputsLate(load(rpc) as TransferModule, Output, errors);
  });
  attempt(() =>
    skipEmptyDependencies(load(join(sdk, "runtime", "dependsOn.js")) as DependenciesModule),
  );
}

/**
 * Modules that the SDK loads at its start and few programs use: the Automation API, what finds the packages that a serialized
 * function needs (npm's own dependency resolver), exporters of traces. A third of the time that a program takes to load.
 */
const RARE = ["./automation", "@npmcli/arborist", "normalize-package-data", "./typescript-shim"];

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

launch(JSON.parse(process.argv[2] ?? "{}") as LaunchSettings, process.argv[3] ?? "");
