import type { InlineProgram } from "../options.js";
import { isPlain } from "./launch-settings.js";
import { type DebugLog, quietDebug } from "./quiet-debug.js";
import { type Debuggable, type PromiseStore, watchWithoutStacks } from "./watched-promises.js";
import type { ProgramHost, ProgramLaunch, ProgramResult } from "./program.js";

/** What `runtime/state` exports besides its published types. */
interface StateModule {
  withLocalStorage: <T>(run: () => Promise<T>) => Promise<T>;
  /** `callbacks`: the program's own functions that the engine calls; its address is known a moment after the first of them. */
  getStore: () => { callbacks?: { _target: Promise<string> } };
}

/** How long a stopped program has to end by itself. */
const GRACE_MS = 500;
/** How long the refusals of an abandoned program are still taken for its own. */
const REJECTIONS_MS = 5_000;

/**
 * A program in this process, run the way Pulumi's Automation API runs inline programs. The SDK's modules are internal, but
 * the Automation API that ships with it depends on them.
 */
export class InlineProgramHost implements ProgramHost {
  readonly #program: InlineProgram;
  #stop: () => void = () => undefined;
  readonly #stopped = new Promise<void>((resolve) => {
    this.#stop = resolve;
  });

  constructor(program: InlineProgram) {
    this.#program = program;
  }

  async run(launch: ProgramLaunch): Promise<ProgramResult> {
    // Loaded only here: an engine with child programs does not need the SDK in its own process.
    const [localState, debuggable, settings, runtimeConfig, stack, log, errors] = await Promise.all(
      [
        import("@pulumi/pulumi/runtime/state.js"),
        import("@pulumi/pulumi/runtime/debuggable.js"),
        import("@pulumi/pulumi/runtime/settings.js"),
        import("@pulumi/pulumi/runtime/config.js"),
        import("@pulumi/pulumi/runtime/stack.js"),
        import("@pulumi/pulumi/log/index.js"),
        import("@pulumi/pulumi/errors.js"),
      ],
    );
    const state = localState.default as unknown as StateModule & PromiseStore;
    const { withLocalStorage, getStore } = state;
    return withLocalStorage(async (): Promise<ProgramResult> => {
      const { project, stack: name, parallel, address, dryRun, organization, config } = launch;
      settings.resetOptions(project, name, parallel, address, address, dryRun, organization);
      runtimeConfig.setAllConfig(config.values, config.secretKeys);
      const uncaught = new Set<unknown>();
      const onUncaught = (error: unknown): void => {
        if (uncaught.has(error)) return;
        uncaught.add(error);
        if (!errors.isGrpcError(error as Error)) void log.error(messageOf(error));
      };
      process.on("uncaughtException", onUncaught);
      process.on("unhandledRejection", onUncaught);
      const plain = isPlain(process.env);
      const speakAgain =
        plain || launch.debug ? undefined : quietDebug(log.default as unknown as DebugLog);
      const watchAgain =
        plain || process.env["PULUMI_DEBUG_PROMISE_LEAKS"]
          ? undefined
          : watchWithoutStacks(debuggable.default as unknown as Debuggable, state);
      const releaseHandlers = (): void => {
        speakAgain?.();
        watchAgain?.();
        process.off("uncaughtException", onUncaught);
        process.off("unhandledRejection", onUncaught);
      };
      const end = async (): Promise<ProgramResult> => {
        try {
          await stack.runInPulumiStack(this.#program as () => Promise<unknown>);
          // Hooks register themselves once they know their address; the SDK does not wait for that.
          await getStore().callbacks?._target;
          await new Promise(setImmediate);
          await settings.disconnect(true);
        } catch (error) {
          await settings.disconnect(false);
          if (!errors.isGrpcError(error as Error)) return { ok: false, message: messageOf(error) };
          return { ok: false };
        } finally {
          releaseHandlers();
        }
        return { ok: uncaught.size === 0 && !log.hasErrors() };
      };
      const ended = end();
      ended.catch(() => undefined); // also when nobody waits for it any more
      // A function that waits for what will never be made cannot be ended; the operation does not wait with it.
      const abandoned = this.#stopped.then(async (): Promise<ProgramResult> => {
        await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
        setTimeout(releaseHandlers, REJECTIONS_MS).unref();
        return { ok: false };
      });
      return Promise.race([ended, abandoned]);
    });
  }

  /** Its requests are refused from now on; what it does besides goes on. */
  async stop(): Promise<void> {
    this.#stop();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
