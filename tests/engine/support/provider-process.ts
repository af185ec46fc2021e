import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Witness } from "../programs/controllable/service.js";
import { PROGRAMS } from "./program-stack.js";

type Told =
  ["port", number] | ["called", string] | ["created", string, string] | ["deleted", string];

/** The controllable provider in a process of its own, which can be killed. What it does is told to a witness here. */
export class ProviderProcess {
  /** Ids never come again, also after another process. */
  static #processes = 0;
  readonly #child: ChildProcess;

  private constructor(
    child: ChildProcess,
    readonly port: number,
  ) {
    this.#child = child;
  }

  static async start(
    files: { log: string; control: string },
    witness: Witness,
  ): Promise<ProviderProcess> {
    const firstNumber = String(1000 * ProviderProcess.#processes++);
    const script = join(PROGRAMS, "controllable/witnessed.js");
    const child = fork(script, [files.log, files.control, firstNumber], { execArgv: [] });
    const port = await new Promise<number>((resolve) => {
      child.on("message", (told: Told) => {
        if (told[0] === "port") resolve(told[1]);
        else if (told[0] === "called") witness.called(told[1]);
        else if (told[0] === "created") witness.created(told[1], told[2]);
        else witness.deleted(told[1]);
      });
    });
    return new ProviderProcess(child, port);
  }

  /** What to give an engine so that it uses this one. */
  get env(): Record<string, string> {
    return { PULUMI_DEBUG_PROVIDERS: `tp:${this.port}` };
  }

  /** At once. Fulfilled when nothing more will be told. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
