import { availableParallelism } from "node:os";
import type { StackStore } from "../backend/backend.js";
import type { RunConfig } from "../context.js";
import type { AskedAhead, DeploymentOptions } from "../deployment/deployment.js";
import { UrnSet } from "../deployment/urn-set.js";
import { EngineError } from "../errors.js";
import type { DestroyOptions, OperationKind, RefreshOptions, UpOptions } from "../options.js";
import type { PackSource } from "../policies/pack.js";
import type { Snapshot } from "../state/model.js";

/** One operation, with the options of all kinds: those of another kind are absent. */
export type OperationRequest = Omit<UpOptions & RefreshOptions & DestroyOptions, "preview"> & {
  kind: OperationKind;
  dryRun: boolean;
};

/** Refuses what cannot be done or contradicts itself, before anything is begun. */
export function checkRequest(request: OperationRequest): void {
  if ((request.target ?? []).length > 0) {
    if ((request.exclude ?? []).length > 0)
      throw new EngineError("invalid-input", "either --target or --exclude can be given, not both");
    if (request.excludeProtected === true)
      throw new EngineError(
        "invalid-input",
        "either --target or --exclude-protected can be given, not both",
      );
  }
}

/** Whether the program runs: for a refresh or a destroy only if that is wanted. */
export const runsProgram = ({ kind, runProgram }: OperationRequest): boolean =>
  kind === "update" || kind === "preview" || runProgram === true;

/** Whether resources are read at all. */
export const refreshes = ({ kind, refresh }: OperationRequest): boolean =>
  kind === "refresh" || refresh === true;

/** A destroy with the program reads all before that runs, as the CLI does; the program needs the resources that are left. */
const refreshesAsRegistered = (request: OperationRequest): boolean =>
  request.runProgram === true && refreshes(request) && request.kind !== "destroy";

/** The policy packs to run, with the configuration of each. */
export function policyPacksOf({
  policyPacks = [],
  policyPackConfigs = [],
}: OperationRequest): PackSource[] {
  if (policyPackConfigs.length > 0 && policyPackConfigs.length !== policyPacks.length) {
    throw new EngineError(
      "invalid-input",
      'the number of "--policy-pack-config" flags must match the number of "--policy-pack" flags',
    );
  }
  return policyPacks.map((path, index) => ({ path, config: policyPackConfigs[index] }));
}

/** Refuses, before a program runs, configuration that changes what its resources are called. */
export function refuseUnsupportedConfig({ values }: Pick<RunConfig, "values">): void {
  if (values["pulumi:autonaming"] === undefined) return;
  throw new EngineError("unsupported", "names by pulumi:autonaming need the pulumi CLI", {
    hint: "Run this operation with pulumi, or remove pulumi:autonaming from the configuration.",
  });
}

/** The request as the deployment's parts read it. */
export function deploymentOptions(
  request: OperationRequest,
  { stack, project, organization }: StackStore,
  base: Snapshot,
  env: Record<string, string | undefined>,
): DeploymentOptions {
  const targets = UrnSet.of(request.target);
  const excludes = UrnSet.of([
    ...(request.exclude ?? []),
    ...(request.excludeProtected === true ? protectedUrns(base) : []),
  ]);
  const replaceTargets = UrnSet.of(request.replace);
  return {
    stack,
    project,
    organization,
    dryRun: request.dryRun,
    purpose: request.kind === "preview" ? "update" : request.kind,
    refreshesAsRegistered: refreshesAsRegistered(request),
    askedAhead: askedAhead(env[ASK_AHEAD]),
    parallel: request.parallel ?? Math.max(64, 4 * availableParallelism()),
    continueOnError: request.continueOnError ?? false,
    ignoreProtect: request.ignoreProtect ?? false,
    ...(targets === undefined ? {} : { targets }),
    targetDependents: request.targetDependents ?? false,
    ...(excludes === undefined ? {} : { excludes }),
    excludeDependents: request.excludeDependents ?? false,
    ...(replaceTargets === undefined ? {} : { replaceTargets }),
  };
}

const protectedUrns = ({ resources }: Snapshot): string[] =>
  resources.filter(({ protect }) => protect === true).map(({ urn }) => urn);

const ASK_AHEAD = "CLOCKER_ASK_AHEAD";

/**
 * Plugins are asked as the CLI asks them, unless the user wants otherwise: when an operation ends early, those that were
 * asked ahead got calls about what it did not come to.
 */
function askedAhead(wish: string | undefined): AskedAhead {
  if (wish === "true") return "all";
  return wish === "false" ? "none" : "linked";
}
