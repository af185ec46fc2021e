import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import type { Goal } from "../deployment/goal.js";
import { packageOfProviderType, packageOfType, parseProviderReference, parseUrn } from "../urn.js";

/** What a resource hands on to its children. */
type Bequest = Pick<Goal, "parent" | "provider" | "protect" | "retainOnDelete" | "deletedWith">;

/**
 * What resources take over from those above them. It is settled before the transforms of a registration run: they see it,
 * and what they take away stays away.
 */
export class Inheritance {
  readonly #bequests = new Map<string, Bequest>();
  /** The `providers` of components, with those of the components above them: package -> reference. */
  readonly #componentProviders = new Map<string, ReadonlyMap<string, string>>();

  /** Fills in, in place, what a registration does not say itself. */
  fill(request: RegisterResourceRequest): void {
    const parent = request.getParent();
    const from = this.#bequests.get(parent);
    const pkg = packageOfType(request.getType());
    if (from !== undefined) {
      if (request.getDeletedwith() === "") request.setDeletedwith(from.deletedWith);
      if (!request.hasProtect() && from.protect !== undefined) request.setProtect(from.protect);
      if (!request.hasRetainondelete() && from.retainOnDelete !== undefined)
        request.setRetainondelete(from.retainOnDelete);
      const suits = !request.getCustom() || packageServedBy(from.provider) === pkg;
      if (request.getProvider() === "" && suits) request.setProvider(from.provider);
    }
    if (request.getCustom() && request.getProvider() === "")
      request.setProvider(request.getProvidersMap().get(pkg) ?? this.providerFor(pkg, parent));
  }

  /** The provider that components above have for a package; "" for none. */
  providerFor(pkg: string, parent: string): string {
    return this.#componentProviders.get(parent)?.get(pkg) ?? "";
  }

  /** The parent, its parent and so on. */
  *ancestors(parent: string): Iterable<string> {
    for (let at = parent; at !== ""; at = this.#bequests.get(at)?.parent ?? "") yield at;
  }

  /** What was registered has children from now on. `request`: after its transforms. */
  remember(urn: string, goal: Bequest, request: RegisterResourceRequest): void {
    this.#bequests.set(urn, goal);
    if (request.getCustom()) return;
    const providers = new Map(this.#componentProviders.get(goal.parent));
    request.getProvidersMap().forEach((reference, pkg) => providers.set(pkg, reference));
    if (providers.size > 0) this.#componentProviders.set(urn, providers);
  }
}

/** "" for no provider. */
function packageServedBy(reference: string): string {
  if (reference === "") return "";
  return packageOfProviderType(parseUrn(parseProviderReference(reference).urn).type);
}
