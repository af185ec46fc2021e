import type { Deployment } from "../deployment/deployment.js";
import type { DiffResult } from "../providers/provider.js";
import type { ResourceState } from "../state/model.js";
import { Cascade } from "./cascade.js";
import type { InputCheck } from "./check.js";
import type { Complaints } from "./complaints.js";
import { CreateStep, ReplaceStep } from "./create.js";
import { DeleteStep } from "./delete.js";
import type { Progress } from "./progress.js";
import type { Step } from "./step.js";
import type { Subject } from "./subject.js";

/** The steps of a replacement, in both orders. */
export class Replacement {
  readonly #deployment: Deployment;
  readonly #progress: Progress;
  readonly #complaints: Complaints;
  readonly #check: InputCheck;
  readonly #cascade: Cascade;

  constructor(
    deployment: Deployment,
    progress: Progress,
    complaints: Complaints,
    check: InputCheck,
  ) {
    this.#deployment = deployment;
    this.#progress = progress;
    this.#complaints = complaints;
    this.#check = check;
    this.#cascade = new Cascade(deployment, progress);
  }

  /** `keepsInputs`: they were checked without the old ones already. */
  async steps(
    subject: Subject,
    old: ResourceState,
    diff: DiffResult,
    keepsInputs: boolean,
  ): Promise<Step[]> {
    const { goal, urn, state, registration } = subject;
    this.#refuseWhereForbidden(subject, old);
    this.#progress.replaces.add(urn);
    if (subject.provider !== undefined && !keepsInputs) await this.#check.anew(subject);
    const details = {
      old,
      keys: diff.replaceKeys,
      diffs: diff.changedKeys,
      ...(diff.detailedDiff === undefined ? {} : { detailedDiff: diff.detailedDiff }),
    };
    if (!(goal.deleteBeforeReplace ?? diff.deleteBeforeReplace)) {
      const after = { ...details, pendingDelete: true };
      return [new CreateStep(registration, state, after), new ReplaceStep(state, after)];
    }
    const deletions = await this.#deletionsBefore(urn, old);
    const before = { ...details, pendingDelete: false };
    return [
      ...deletions,
      new ReplaceStep(state, before),
      new CreateStep(registration, state, before),
    ];
  }

  #refuseWhereForbidden({ goal, urn, state }: Subject, old: ResourceState): void {
    const { options, events } = this.#deployment;
    if (state.protect === true && old.protect === true && !options.ignoreProtect) {
      this.#complaints.refuseUpdate(
        urn,
        `unable to replace resource "${urn}"\nas it is currently marked for protection. ${UNPROTECT}`,
      );
    }
    if (goal.importId === "") return;
    const message =
      "previously-imported resources that still specify an ID may not be replaced; please remove the `import` declaration from your program";
    if (!options.dryRun) this.#complaints.refuse(urn, message);
    events.diagnostic("warning", message, { urn });
  }

  /** Delete-before-replace: those that would be replaced with it go first, then the resource itself. */
  async #deletionsBefore(urn: string, old: ResourceState): Promise<Step[]> {
    const { base, providers } = this.#deployment;
    const origin = this.#progress.originOf(old);
    const dependents = base.graph.has(origin)
      ? await this.#cascade.dependentsToReplace(origin)
      : [];
    // Who has had its turn stays as it is now: it would be deleted, and not be made again.
    const followers = this.#cascade.followers(urn);
    dependents.push(
      ...followers.filter(({ state }) => !this.#progress.impossibleDependent(state.urn)),
    );
    const steps: Step[] = [];
    for (const { state, keys } of dependents.reverse()) {
      if (this.#progress.pendingDeletes.has(state)) continue;
      this.#progress.dependentKeys.set(state.urn, keys);
      this.#refuseProtected(urn, state);
      this.#progress.pendingDeletes.add(state);
      steps.push(this.#delete(state, state.delete !== true));
    }
    await providers.ensure(old.provider ?? "");
    // Else an interrupted operation has deleted it already.
    if (old.pendingReplacement !== true) steps.push(this.#delete(old, true));
    return steps;
  }

  #refuseProtected(urn: string, dependent: ResourceState): void {
    if (dependent.delete === true || dependent.protect !== true) return;
    if (this.#deployment.options.ignoreProtect) return;
    this.#complaints.refuse(
      urn,
      `unable to replace resource "${dependent.urn}" as part of replacing "${urn}" as it is currently marked for protection. ${UNPROTECT}`,
    );
  }

  /** `replacing`: it stays in the state, marked, until its successor exists. */
  #delete(state: ResourceState, replacing: boolean): Step {
    const { deletes } = this.#progress;
    deletes.add(state.urn);
    return new DeleteStep(state, { replacing, pendingReplacement: replacing, deletions: deletes });
  }
}

const UNPROTECT =
  "To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program and run `up`";
