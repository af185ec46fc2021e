import { isDeepStrictEqual } from "node:util";
import type { Goal, ReadGoal, RegisterResult, Registration } from "./goal.js";
import type { PropertyMap } from "../state/model.js";
import { edgesOf } from "../graph/edges.js";
import {
  defaultProviderGoal,
  type ProviderRequest,
  type StackConfiguration,
} from "../providers/defaults.js";
import { type Deletions, planDeletions } from "../steps/deletions.js";
import { messageOf, StepExecutor } from "../steps/executor.js";
import { StepGenerator } from "../steps/generator.js";
import { answer, type Step, stepResource } from "../steps/step.js";
import { newState } from "../steps/subject.js";
import { makeUrn, parseUrn, providerReference, ROOT_STACK_TYPE } from "../urn.js";
import { Bail, type Deployment, reportMissing } from "./deployment.js";
import { refreshUnregistered } from "./refresh.js";

/** The operation ends: the SDK takes it for a reason to stop quietly. */
export class ShutDown extends Error {
  static readonly MESSAGE = "the operation has ended";

  constructor() {
    super(ShutDown.MESSAGE);
  }
}

/**
 * Takes what the program registers, lets the generator decide one registration at a time, and has the steps applied at
 * once. When the program is done, deletes what it did not mention (or everything, or reads it: whatever the program is run for).
 */
export class Conductor {
  readonly #deployment: Deployment;
  readonly #config: StackConfiguration;
  readonly executor: StepExecutor;
  readonly #generator: StepGenerator;
  /** The generator's queue: its end. */
  #tail: Promise<void> = Promise.resolve();
  #queued = 0;
  /** Registrations that wait for an answer. */
  readonly #waiting = new Set<(error: Error) => void>();
  /** With continueOnError: what failed or was skipped. */
  readonly #skipped = new Set<string>();
  readonly #defaults = new Map<string, Promise<string>>();
  #stackOutputs: { urn: string; outputs: PropertyMap } | undefined;
  #stopped = false;
  /** The program has been told that it is over: with the stop, or when the hooks under way have come to their end. */
  #dismissed = false;
  #failed = false;
  #refused = false;
  readonly #onStop: () => void;

  constructor(deployment: Deployment, config: StackConfiguration, onStop: () => void) {
    this.#deployment = deployment;
    this.#config = config;
    this.#onStop = onStop;
    this.executor = new StepExecutor(deployment, () => this.stop());
    this.#generator = new StepGenerator(deployment, (work) => this.#enqueue(work));
  }

  get failed(): boolean {
    return this.#failed || this.executor.failed || this.#generator.sawError;
  }

  /** A registration was refused: whoever reads the reason needs no word that the whole has failed. */
  get refused(): boolean {
    return this.#refused;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  register(goal: Goal): Promise<RegisterResult> {
    if (this.#queued > 0 && !this.#stopped) this.#generator.lookahead.announce(goal);
    return this.#submit(
      (registration) => this.#generator.register(goal, registration),
      () => this.#notMade(goal),
    );
  }

  read(goal: ReadGoal): Promise<RegisterResult> {
    return this.#submit((registration) => this.#generator.read(goal, registration));
  }

  /** The reference of a package's default provider, made at the first request. */
  defaultProvider(request: ProviderRequest): Promise<string> {
    const key = `${request.pkg}|${request.version}|${request.pluginDownloadUrl}`;
    let reference = this.#defaults.get(key);
    if (reference === undefined) {
      const goal = defaultProviderGoal(request, this.#config);
      reference = this.register(goal).then(({ state, result }) => {
        if (result === "fail" && this.#stopped)
          throw new Error(`resource ${goal.name} [${goal.type}] failed to register`);
        return providerReference(state.urn, state.id ?? "");
      });
      this.#defaults.set(key, reference);
    }
    return reference;
  }

  /** Outputs of a component, or of the stack; the latter count only when all is done. */
  async registerOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    if (this.#stopped) await this.#untilDismissed();
    if (parseUrn(urn).qualifiedType === ROOT_STACK_TYPE) {
      this.#stackOutputs = { urn, outputs };
      return;
    }
    const step = this.executor.pendingOutputs.get(urn);
    if (step === undefined)
      throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
    this.executor.pendingOutputs.delete(urn);
    if (step.skippedCreate !== true) await this.#setOutputs(step, outputs);
  }

  async #setOutputs(step: Step, outputs: PropertyMap): Promise<void> {
    if (step.next === null) return;
    // Also where the same is said in other words: the file is to say what the program does.
    if (!isDeepStrictEqual(step.next.outputs ?? {}, outputs)) this.#deployment.snapshot?.touch();
    step.next.outputs = outputs;
    const failure = await this.executor.callAfterOutputs(step);
    this.executor.events.outputs(step);
    if (failure !== undefined) this.executor.failedAfterwards(step.urn, failure);
  }

  /** No more registrations will come: waits for what is under way, then deletes, or reads, what is left. */
  async finish(): Promise<void> {
    await this.#settled();
    if (this.#stopped) return;
    try {
      const { progress } = this.#generator;
      if (this.#deployment.options.purpose === "refresh")
        await refreshUnregistered(this.#deployment, this.executor, progress);
      else await this.#delete(await planDeletions(this.#deployment, progress));
      this.#checkTargets();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #delete({ sames, groups, graph, refused }: Deletions): Promise<void> {
    if (refused) this.#failed = true;
    for (const step of sames) await this.executor.execute([step]);
    const blocked = new Set<unknown>();
    const seen = new Set<Step>();
    for (const group of groups) {
      // What a failed deletion still needs must stay.
      for (const step of this.executor.errored) {
        if (seen.has(step)) continue;
        seen.add(step);
        for (const state of [step.old, step.next])
          if (state !== null && graph.has(state))
            for (const needed of graph.allDependencies(state)) blocked.add(needed);
      }
      await this.executor.all(group.filter((step) => !blocked.has(step.old)));
      if (this.executor.cancelled) return;
    }
  }

  #checkTargets(): void {
    const { targets } = this.#deployment.options;
    const { urns } = this.#generator.progress;
    if (reportMissing(this.#deployment, targets, urns)) this.#failed = true;
  }

  /** The stack's outputs are written last. After a failure, what is missing may only not have been reached: the old ones stay. */
  async completeStack(programFailed: boolean): Promise<void> {
    if (this.#stackOutputs === undefined) return;
    const { urn, outputs } = this.#stackOutputs;
    const step = this.executor.pendingOutputs.get(urn);
    if (step === undefined) return;
    this.executor.pendingOutputs.delete(urn);
    const old = this.#deployment.base.get(urn)?.outputs ?? {};
    const failed = this.failed || programFailed;
    await this.#setOutputs(step, failed ? { ...old, ...outputs } : outputs);
  }

  /** The policies about the stack as a whole, when all else went well. */
  async checkPolicies(): Promise<void> {
    const { policies, news, options } = this.#deployment;
    if (policies === undefined || this.#stopped || this.executor.failed) return;
    const subjects = [...news.values()].map((state) => ({
      state,
      properties: state.outputs ?? {},
      provider: this.#generator.check.providerOf(state),
    }));
    const { stack, project } = options;
    const rootUrn = makeUrn(stack, project, "", ROOT_STACK_TYPE, `${project}-${stack}`);
    try {
      if (await policies.analyzeStack(subjects, rootUrn)) this.#failed = true;
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Lets what runs finish and begins nothing more; whoever waits is told that it is over, and the program is stopped. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.executor.cancel();
    if (this.executor.needsProgram) void this.executor.idle().then(() => this.#dismiss());
    else this.#dismiss();
  }

  /** Waits for nothing: what runs is cut off. */
  abort(): void {
    this.stop();
    this.#dismiss();
  }

  #dismiss(): void {
    this.#dismissed = true;
    for (const reject of this.#waiting) reject(new ShutDown());
    this.#waiting.clear();
    this.#onStop();
  }

  /** Nothing is taken any more. To be told so ends a program; as long as hooks of its own run, it has to wait. */
  #untilDismissed(): Promise<never> {
    if (this.#dismissed) return Promise.reject(new ShutDown());
    return new Promise((_, reject) => this.#waiting.add(reject));
  }

  async #settled(): Promise<void> {
    do {
      await this.#tail;
      await this.executor.idle();
    } while (this.#queued > 0);
  }

  /** Until nothing runs any more, after a stop. */
  async idle(): Promise<void> {
    await this.#settled();
  }

  /** The answer about what will not be made any more, to a program that must live: its hooks may wait for that. */
  #notMade(goal: Goal): RegisterResult {
    const { stack, project } = this.#deployment.options;
    const urn = makeUrn(stack, project, goal.parent, goal.type, goal.name);
    return { state: newState(goal, urn, undefined), result: "fail" };
  }

  /** `notMade`: what to answer when the operation has ended for it, but the program has not been told so yet. */
  #submit(
    work: (registration: Registration) => Promise<Step[]>,
    notMade?: () => RegisterResult,
  ): Promise<RegisterResult> {
    if (this.#stopped && notMade && !this.#dismissed) return Promise.resolve(notMade());
    if (this.#stopped) return this.#untilDismissed();
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      const registration: Registration = {
        done: (result) => {
          this.#waiting.delete(reject);
          resolve(result);
        },
      };
      const leaveOut = (): void => {
        if (notMade) registration.done(notMade());
      };
      this.#enqueue(() => work(registration), leaveOut);
    });
  }

  #enqueue(work: () => Promise<Step[]>, leaveOut = (): void => undefined): void {
    this.#queued++;
    this.#tail = this.#tail.then(async () => {
      try {
        if (this.#stopped) return leaveOut();
        const steps = this.#withoutSkipped(await work());
        if (steps.length > 0) void this.executor.execute(steps);
      } catch (error) {
        this.#refused = true;
        this.#fail(error);
        leaveOut();
      } finally {
        this.#queued--;
      }
    });
  }

  /** With continueOnError, what needs something that failed is left out. */
  #withoutSkipped(steps: Step[]): Step[] {
    for (const step of this.executor.errored) this.#skipped.add(step.urn);
    if (this.#skipped.size === 0) return steps;
    return steps.filter((step) => {
      const state = stepResource(step);
      if (state === null || !edgesOf(state).some(({ urn }) => this.#skipped.has(urn))) return true;
      answer(step, "skip");
      this.#skipped.add(step.urn);
      return false;
    });
  }

  #fail(error: unknown): void {
    if (!(error instanceof Bail)) this.#deployment.events.diagnostic("error", messageOf(error));
    this.#failed = true;
    this.stop();
  }
}
