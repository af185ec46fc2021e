import type { Deployment } from "../deployment/deployment.js";
import { StepEvents } from "../deployment/step-events.js";
import { ProviderError } from "../providers/provider.js";
import { Semaphore } from "../deployment/semaphore.js";
import { failureOf } from "./hooked.js";
import { messageOf } from "./messages.js";
import { sealOutputs } from "./seal.js";
import { answer, ProtectedError, type Step, type StepOutcome, stepResource } from "./step.js";

/** Applies chains of steps: the steps of a chain in order, chains at once up to the limit. */
export class StepExecutor {
  readonly #deployment: Deployment;
  readonly #slots: Semaphore;
  readonly #onFailure: () => void;
  readonly events: StepEvents;
  readonly #running = new Set<Promise<unknown>>();
  readonly #applying = new Set<Step>();
  /** Steps that wait for their resource's outputs (components, the root stack). */
  readonly pendingOutputs = new Map<string, Step>();
  readonly errored: Step[] = [];
  counts: Record<string, number> = {};
  /** One failure does not end it: all are reported (refreshes). */
  keepGoing = false;
  failed = false;
  maybeCorrupt = false;
  #cancelled = false;

  constructor(deployment: Deployment, onFailure: () => void) {
    this.#deployment = deployment;
    this.#slots = new Semaphore(deployment.options.parallel);
    this.#onFailure = onFailure;
    this.events = new StepEvents(deployment);
  }

  /** No step begins any more; those under way are finished. */
  cancel(): void {
    this.#cancelled = true;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** What runs has hooks, which are functions of the program: it must live until they have been called. */
  get needsProgram(): boolean {
    return [...this.#applying].some((step) => stepResource(step)?.resourceHooks !== undefined);
  }

  /** Begins a chain. The promise is fulfilled when its last step is done, also after a failure. */
  execute(chain: Step[]): Promise<void> {
    const run = this.#slots.run(() => this.#runChain(chain));
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
    return run;
  }

  /** Calls the hooks that waited for the outputs of a step's resource; the error of one that failed. */
  async callAfterOutputs(step: Step): Promise<Error | undefined> {
    const hooks = step.afterOutputs?.(this.#deployment);
    if (hooks === undefined) return undefined;
    const called = failureOf(hooks);
    this.#applying.add(step);
    this.#running.add(called);
    const { afterwards } = await called;
    this.#applying.delete(step);
    this.#running.delete(called);
    return afterwards;
  }

  async all(steps: Step[]): Promise<void> {
    await Promise.all(steps.map((step) => this.execute([step])));
  }

  /** What was done so far was only the preparation. */
  forgetCounts(): void {
    this.counts = {};
  }

  /** Until nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running]);
  }

  async #runChain(chain: Step[]): Promise<void> {
    for (const step of chain) {
      if (!this.#cancelled && (await this.#runStep(step))) continue;
      // A hook that is under way may wait for what this was to make: it will not come.
      if (this.needsProgram) for (const rest of chain) answer(rest, "fail");
      return;
    }
  }

  /** False when the rest of its chain must not follow. */
  async #runStep(step: Step): Promise<boolean> {
    const { snapshot } = this.#deployment;
    this.#applying.add(step);
    try {
      this.events.pre(step);
      if (step.pending !== undefined) await snapshot?.begin(step.pending.state, step.pending.type);
      const outcome = await this.#apply(step);
      if (step.next !== null && step.op !== "replace") {
        sealOutputs(step.next);
        if (outcome.error === undefined && step.logical) this.pendingOutputs.set(step.urn, step);
        const into = step.op.startsWith("read") ? this.#deployment.reads : this.#deployment.news;
        if (step.skippedCreate !== true) into.set(step.urn, step.next);
      } else if (step.next !== null && step.op === "replace" && step.logical) {
        this.pendingOutputs.set(step.urn, step);
      }
      this.#report(step, outcome);
      await this.#record(step, outcome);
      outcome.complete?.();
      if (outcome.afterwards !== undefined) this.failedAfterwards(step.urn, outcome.afterwards);
      if (outcome.error === undefined) return true;
      this.#fail(step, outcome.error);
    } catch (error) {
      // Not the provider: the state could not be written, or a defect. Nothing more may be done.
      this.#deployment.events.diagnostic("error", messageOf(error), { urn: step.urn });
      this.failed = true;
      this.cancel();
      this.#onFailure();
    } finally {
      this.#applying.delete(step);
    }
    return false;
  }

  async #apply(step: Step): Promise<StepOutcome> {
    try {
      return await step.apply(this.#deployment);
    } catch (error) {
      const status = error instanceof ProviderError ? error.status : "ok";
      return { status, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  #report(step: Step, { error, status }: StepOutcome): void {
    if (error === undefined) {
      const op = this.events.countedOp(step);
      if (op !== undefined) this.counts[op] = (this.counts[op] ?? 0) + 1;
      this.events.post(step);
      return;
    }
    if (status === "unknown") this.maybeCorrupt = true;
    this.events.failed(step, status, error);
  }

  async #record(step: Step, { error, status }: StepOutcome): Promise<void> {
    const { snapshot } = this.#deployment;
    if (snapshot === undefined) return;
    const successful = error === undefined || status === "partial-failure";
    if (step.pending !== undefined && error instanceof ProviderError && error.cutOff) {
      await snapshot.cutOff(step.pending.state, step.pending.type);
    } else if (step.pending !== undefined) {
      await snapshot.end(step.pending.state, () => {
        if (successful) step.record(snapshot);
      });
    } else if (successful) {
      if (step.record(snapshot).durable) await snapshot.commit();
    }
  }

  /** A resource is well, but a hook after it has failed: the operation fails, and what is done stays done. */
  failedAfterwards(urn: string, error: Error): void {
    this.#deployment.events.diagnostic("error", error.message, { urn });
    this.failed = true;
    if (this.#deployment.options.continueOnError) return;
    this.cancel();
    this.#onFailure();
  }

  #fail(step: Step, error: Error): void {
    this.failed = true;
    if (this.keepGoing) return;
    // About what cannot be read nothing can be decided.
    const mayGoOn = this.#deployment.options.continueOnError && step.op !== "refresh";
    if (mayGoOn || error instanceof ProtectedError) {
      this.errored.push(step);
      answer(step, "fail");
      return;
    }
    this.cancel();
    this.#onFailure();
  }
}

export { messageOf };
