import type { RunConfig, StackContext } from "../context.js";
import { Callbacks } from "../callbacks/client.js";
import { Hooks } from "../callbacks/hooks.js";
import { Conductor } from "../deployment/conductor.js";
import { Bail, BaseState, type Deployment, reportMissing } from "../deployment/deployment.js";
import { EventStream } from "../deployment/diagnostics.js";
import { refresh } from "../deployment/refresh.js";
import { noSuchStack } from "../backend/file-backend.js";
import { Children } from "../hosts/child.js";
import { ChildProgram, programLocation } from "../hosts/child-program.js";
import { InlineProgramHost } from "../hosts/inline-program.js";
import type { ProgramHost, ProgramResult } from "../hosts/program.js";
import { engineService } from "../monitor/engine-service.js";
import { MonitorService } from "../monitor/monitor-service.js";
import { MonitorServer } from "../monitor/server.js";
import type { OperationResult } from "../options.js";
import { type PackLaunch, type PackSource, startPack } from "../policies/pack.js";
import { Policies } from "../policies/policies.js";
import { DYNAMIC_PACKAGE, PluginHost } from "../providers/plugin-host.js";
import { ProviderRegistry } from "../providers/registry.js";
import { messageOf } from "../steps/executor.js";
import { SnapshotManager } from "../snapshot/manager.js";
import type { PendingOperation, ResourceState, Snapshot } from "../state/model.js";
import { unsettledOperations } from "../state/pending.js";
import { refuseDeleteHooks, refuseUnsupportedState } from "../state/unsupported.js";
import { isProviderType, packageOfProviderType, ROOT_STACK_TYPE } from "../urn.js";
import { conclude, type Ending, pendingWarning, record } from "./outcome.js";
import {
  checkRequest,
  deploymentOptions,
  type OperationRequest,
  policyPacksOf,
  refreshes,
  refuseUnsupportedConfig,
  runsProgram,
} from "./request.js";

/** Runs one operation from the lock to the history entry. */
export async function runOperation(
  context: StackContext,
  wanted: OperationRequest,
): Promise<OperationResult> {
  const request = { ...wanted, refresh: wanted.refresh ?? context.refreshesAlways };
  checkRequest(request);
  const packs = policyPacksOf(request);
  const { store } = context;
  const isRun = runsProgram(request);
  const config = await context.config({
    validate: isRun && request.skipConfigValidation !== true,
  });
  if (isRun) refuseUnsupportedConfig(config);
  const release = request.dryRun ? undefined : await context.lock();
  try {
    const base = await store.load();
    if (base === null) throw noSuchStack(store.project, store.stack);
    refuseUnsupportedState(base, store.stack);
    if (request.kind === "destroy" && !isRun) refuseDeleteHooks(base);
    const operation = new Operation(context, request, config, base, packs);
    return await operation.run();
  } finally {
    await release?.();
  }
}

class Operation {
  readonly #context: StackContext;
  readonly #request: OperationRequest;
  readonly #config: RunConfig;
  readonly #base: Snapshot;
  readonly #started = Date.now();
  readonly #events: EventStream;
  readonly #children = new Children();
  readonly #server = new MonitorServer();
  readonly #callbacks = new Callbacks();
  readonly #packs: readonly PackSource[];
  readonly #snapshot: SnapshotManager | undefined;
  readonly #secretKeys: ReadonlySet<string>;
  #host: PluginHost | undefined;
  #cancelled = false;
  #terminated = false;

  constructor(
    context: StackContext,
    request: OperationRequest,
    config: RunConfig,
    base: Snapshot,
    packs: readonly PackSource[],
  ) {
    this.#packs = packs;
    this.#context = context;
    this.#request = request;
    this.#config = config;
    this.#base = base;
    this.#events = new EventStream(request.onEvent, {
      debug: request.debug ?? false,
      hidden: config.secretKeys.flatMap((key) => config.values[key] ?? []),
    });
    this.#secretKeys = new Set(config.secretKeys);
    this.#snapshot = request.dryRun
      ? undefined
      : new SnapshotManager(context.store, base, { dropCreations: request.clearPendingCreates });
  }

  async run(): Promise<OperationResult> {
    const deployment = this.#deployment();
    let conductor: Conductor;
    try {
      conductor = await this.#start(deployment);
    } catch (error) {
      // Nothing has been begun yet.
      await this.#close(deployment);
      this.#events.emit({ cancelEvent: {} });
      throw error;
    }
    this.#prelude();
    let failed = true;
    let isExplained = false;
    try {
      const program = await this.#execute(deployment, conductor);
      failed = conductor.failed || !program.ok;
      isExplained = conductor.refused || (!program.ok && !conductor.failed);
    } catch (error) {
      if (!(error instanceof Bail)) this.#events.diagnostic("error", messageOf(error));
    }
    try {
      if (!this.#terminated) await this.#snapshot?.flush();
    } catch (error) {
      failed = true;
      this.#events.diagnostic("error", `the state could not be written: ${messageOf(error)}`);
    }
    await this.#close(deployment);
    return this.#finish(deployment, conductor, {
      failed,
      isExplained,
      cancelled: this.#cancelled,
    });
  }

  #prelude(): void {
    const config = Object.fromEntries(
      Object.entries(this.#config.values)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => [key, this.#secretKeys.has(key) ? "[secret]" : value]),
    );
    this.#events.emit({ preludeEvent: { config } });
  }

  #deployment(): Deployment {
    const { store, source, env } = this.#context;
    const { dryRun } = this.#request;
    const base = new BaseState(this.#base.resources);
    this.#events.rootUrn = base.resources.find(({ type }) => type === ROOT_STACK_TYPE)?.urn;
    const server = this.#server;
    const host = new PluginHost(
      {
        project: store.project,
        root: source.root,
        programDirectory:
          source.inline === undefined
            ? programLocation(source.root, source.main).directory
            : source.root,
        get engineAddress() {
          return server.address;
        },
        serve: (link) => server.serve(link),
        debug: this.#request.debug ?? false,
        config: this.#config.values,
        runtimeOptions: source.runtimeOptions,
        providers: source.plugins,
        env,
      },
      this.#children,
      this.#events,
    );
    this.#host = host;
    const deployment: Deployment = {
      options: deploymentOptions(this.#request, store, this.#base, env),
      events: this.#events,
      hooks: new Hooks(this.#callbacks, this.#events, dryRun),
      providers: new ProviderRegistry(
        host,
        {
          readStack: (name) => this.#context.readStack(name),
          resource: (urn) => deployment.news.get(urn) ?? deployment.reads.get(urn),
        },
        (urn) =>
          deployment.base.get(urn) ?? deployment.base.resources.find((state) => state.urn === urn),
      ),
      snapshot: this.#snapshot,
      policies: undefined,
      base,
      news: new Map(),
      reads: new Map(),
    };
    return deployment;
  }

  /** Brings up the services and wires what can end the operation early. */
  async #start(deployment: Deployment): Promise<Conductor> {
    const { source } = this.#context;
    const conductor: Conductor = new Conductor(
      deployment,
      { values: this.#config.values, secretKeys: this.#secretKeys },
      () => void this.#program?.stop(),
    );
    const monitor = new MonitorService({
      deployment,
      conductor,
      config: { values: this.#config.values, secretKeys: this.#secretKeys },
      root: source.root,
      programDirectory: programLocation(source.root, source.main).directory,
      callbacks: this.#callbacks,
      onShutdown: () => this.#shutdown(conductor),
    });
    const engine = engineService(this.#events, () => conductor.stopped);
    await this.#server.listen(engine, monitor.handlers());
    if (this.#packs.length > 0) deployment.policies = await this.#loadPolicies(deployment);
    const { signal, terminate } = this.#request;
    onAbort(signal, () => {
      this.#cancelled = true;
      conductor.stop();
      void this.#host?.cancel();
    });
    onAbort(terminate, () => {
      this.#cancelled = this.#terminated = true;
      this.#snapshot?.abandon();
      conductor.abort();
      this.#children.killAll();
    });
    return conductor;
  }

  async #loadPolicies({ options }: Deployment): Promise<Policies> {
    const { stack, project, organization, dryRun } = options;
    const { values, secretKeys } = this.#config;
    const launch: PackLaunch = {
      folder: process.cwd(),
      engineAddress: this.#server.address,
      about: { stack, project, organization, dryRun },
      config: { values, secretKeys },
      env: this.#context.env,
      onLine: (line, stream) =>
        this.#events.diagnostic(stream === "out" ? "info" : "info#err", line),
    };
    const packs = await Promise.all(
      this.#packs.map((source) => {
        this.#events.emit({ policyLoadEvent: {} });
        return startPack(source, launch, this.#children);
      }),
    );
    return new Policies(packs, this.#events);
  }

  #program: ProgramHost | undefined;
  #finishing: Promise<void> | undefined;

  /** The deletions, once, whether the program asks for them or has simply ended. */
  #shutdown(conductor: Conductor): Promise<void> {
    this.#finishing ??= conductor.finish();
    return this.#finishing;
  }

  async #execute(deployment: Deployment, conductor: Conductor): Promise<ProgramResult> {
    const { kind } = this.#request;
    const { targets, excludes, replaceTargets, refreshesAsRegistered } = deployment.options;
    const isRun = runsProgram(this.#request);
    if (isRun) this.#prewarm(deployment.base.resources);
    if (refreshes(this.#request) && !refreshesAsRegistered) {
      await refresh(deployment, conductor.executor, kind === "refresh");
      if (this.#terminated) return { ok: false };
      await this.#snapshot?.rebase({ ...this.#base, resources: deployment.base.resources });
      if (conductor.executor.failed) return { ok: false };
    } else if (kind !== "refresh") {
      this.#warnPending(unsettledOperations(this.#base));
    }
    if (conductor.stopped || (kind === "refresh" && !isRun)) return { ok: true };
    const mustExist = kind === "destroy" || kind === "refresh" ? [targets, excludes] : [];
    for (const named of [...mustExist, replaceTargets])
      if (reportMissing(deployment, named)) return { ok: false };
    if (!isRun) {
      await this.#shutdown(conductor);
      await conductor.idle();
      return { ok: true };
    }
    const program = await this.#runProgram(deployment, conductor);
    await conductor.completeStack(!program.ok);
    if (program.ok) await conductor.checkPolicies();
    return program;
  }

  async #runProgram(deployment: Deployment, conductor: Conductor): Promise<ProgramResult> {
    const { source, env } = this.#context;
    const host =
      source.inline === undefined
        ? new ChildProgram(
            { root: source.root, main: source.main, runtimeOptions: source.runtimeOptions, env },
            this.#children,
            this.#events,
          )
        : new InlineProgramHost(source.inline);
    this.#program = host;
    const { organization, project, stack, dryRun, parallel } = deployment.options;
    let result = await host.run({
      address: this.#server.address,
      serve: (link) => this.#server.serve(link),
      debug: this.#request.debug ?? false,
      organization,
      project,
      stack,
      dryRun,
      parallel,
      config: { values: this.#config.values, secretKeys: this.#config.secretKeys },
    });
    // A program that stops because we refuse its requests has nothing to say about it.
    if (conductor.stopped && !result.ok) result = { ok: !conductor.failed };
    if (result.message !== undefined) this.#events.diagnostic("error", result.message);
    if (result.ok && !conductor.stopped) await this.#shutdown(conductor);
    else conductor.stop();
    await this.#finishing;
    await conductor.idle();
    return result;
  }

  /** The dynamic provider takes as long to start as the program: begin both at once, unless the state knows better. */
  #prewarm(resources: readonly ResourceState[]): void {
    // Whoever attaches to a running provider has a program for that one.
    if (this.#context.env["PULUMI_DEBUG_PROVIDERS"]) return;
    const providers = resources.filter(({ type }) => isProviderType(type));
    if (
      providers.length > 0 &&
      !providers.some(({ type }) => packageOfProviderType(type) === DYNAMIC_PACKAGE)
    )
      return;
    this.#host?.prewarm();
  }

  #warnPending(operations: readonly PendingOperation[]): void {
    const warning = this.#request.dryRun ? undefined : pendingWarning(operations);
    if (warning !== undefined) this.#events.diagnostic("warning", warning);
  }

  async #close({ policies }: Deployment): Promise<void> {
    policies?.close();
    if (!this.#terminated) await this.#host?.close();
    await this.#children.close();
    this.#callbacks.close();
    this.#server.close();
  }

  async #finish(
    deployment: Deployment,
    conductor: Conductor,
    ending: Ending,
  ): Promise<OperationResult> {
    const request = this.#request;
    const result = conclude(deployment, conductor.executor, request, ending, this.#started);
    if (!request.dryRun && !this.#terminated)
      await record(this.#context.store, this.#events, this.#config, result.summary);
    return result;
  }
}

function onAbort(signal: AbortSignal | undefined, act: () => void): void {
  if (signal === undefined) return;
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
}
