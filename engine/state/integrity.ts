import { EngineError } from "../errors.js";
import { magicOf } from "./manifest.js";
import type { ResourceState, Snapshot } from "./model.js";

const PROVIDER_TYPE_PREFIX = "pulumi:providers:";

/**
 * Everything that is wrong with a state, one sentence each; empty when it is sound. The rules are the CLI's
 * (pulumi/pulumi pkg/resource/deploy/snapshot.go VerifyIntegrity), so that it takes what passes here.
 */
export function integrityProblems(snapshot: Snapshot): string[] {
  const problems: string[] = [];
  const { manifest, resources } = snapshot;
  if (manifest.magic !== magicOf(manifest.version)) {
    problems.push(`the manifest's magic does not fit its version ${manifest.version || "(none)"}`);
  }
  const all = new Set(resources.map((resource) => resource.urn));
  const earlier = new Set<string>();
  const live = new Set<string>();
  const providers = new Set<string>();

  for (const resource of resources) {
    const { urn } = resource;
    if (!resource.custom && resource.id) {
      problems.push(`component ${urn} has the id ${resource.id}; components have none`);
    }
    if (resource.type.startsWith(PROVIDER_TYPE_PREFIX)) {
      if (resource.id) providers.add(`${urn}::${resource.id}`);
      else problems.push(`provider ${urn} has no id, so nothing can refer to it`);
    }
    const missing = resource.provider && !providers.has(resource.provider);
    if (missing && !resource.pendingReplacement) {
      problems.push(`${urn} refers to the unknown provider ${resource.provider}`);
    }
    for (const [what, target] of references(resource)) {
      if (earlier.has(target)) continue;
      const why = all.has(target) ? "comes after it" : "is missing";
      problems.push(`${urn}: its ${what} ${target} ${why}`);
    }
    if (!resource.delete) {
      if (live.has(urn)) problems.push(`${urn} stands twice and neither entry is to be deleted`);
      live.add(urn);
    }
    earlier.add(urn);
  }
  return problems;
}

/** Throws when a state that was read is not sound. */
export function verifyIntegrity(snapshot: Snapshot, where: string): void {
  const problems = integrityProblems(snapshot);
  if (problems.length === 0) return;
  throw new EngineError("corrupt", `the state of ${where} is not sound; refusing to use it`, {
    reasons: problems.slice(0, 10),
    hint: "Repair it with `pulumi state repair`, or put the .bak file beside it back in its place.",
  });
}

function* references(resource: ResourceState): Generator<[string, string]> {
  if (resource.parent) yield ["parent", resource.parent];
  for (const urn of resource.dependencies ?? []) yield ["dependency", urn];
  for (const [property, urns] of Object.entries(resource.propertyDependencies ?? {})) {
    for (const urn of urns) yield [`dependency (of property ${property})`, urn];
  }
  if (resource.deletedWith) yield ["deletedWith", resource.deletedWith];
  for (const urn of resource.replaceWith ?? []) yield ["replaceWith", urn];
}
