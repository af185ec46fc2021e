import type { InlineProgram } from "../options.js";
import type { ProgramHost, ProgramLaunch, ProgramResult } from "./program.js";

/** What `runtime/state` exports besides its published types. */
interface StateModule {
  withLocalStorage: <T>(run: () => Promise<T>) => Promise<T>;
}

/**
 * A program in this process, run the way Pulumi's Automation API runs inline programs. The SDK's modules are internal, but
 * the Automation API that ships with it depends on them.
 */
export class InlineProgramHost implements ProgramHost {
  readonly #program: InlineProgram;

  constructor(program: InlineProgram) {
    this.#program = program;
  }

  async run(launch: ProgramLaunch): Promise<ProgramResult> {
    // Loaded only here: an engine with child programs does not need the SDK in its own process.
    const [localState, settings, runtimeConfig, stack, log, errors] = await Promise.all([
      import("@pulumi/pulumi/runtime/state.js"),
      import("@pulumi/pulumi/runtime/settings.js"),
      import("@pulumi/pulumi/runtime/config.js"),
      import("@pulumi/pulumi/runtime/stack.js"),
      import("@pulumi/pulumi/log/index.js"),
      import("@pulumi/pulumi/errors.js"),
    ]);
    const { withLocalStorage } = localState.default as unknown as StateModule;
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
      try {
        await stack.runInPulumiStack(this.#program as () => Promise<unknown>);
        await settings.disconnect(true);
      } catch (error) {
        await settings.disconnect(false);
        if (!errors.isGrpcError(error as Error)) return { ok: false, message: messageOf(error) };
        return { ok: false };
      } finally {
        process.off("uncaughtException", onUncaught);
        process.off("unhandledRejection", onUncaught);
      }
      return { ok: uncaught.size === 0 && !log.hasErrors() };
    });
  }

  async stop(): Promise<void> {
    // Its requests are refused; there is no way to end a function.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
