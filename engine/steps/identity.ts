import type { Deployment } from "../deployment/deployment.js";
import type { Goal } from "../deployment/goal.js";
import type { ResourceState } from "../state/model.js";
import { makeUrn } from "../urn.js";
import { expandAliases } from "./aliases.js";
import type { Complaints } from "./complaints.js";
import type { Progress } from "./progress.js";

/** What the program says of who a resource is. */
type Named = Pick<Goal, "parent" | "type" | "name" | "aliases">;

/** Who a registration is: its URN, and the resource of the state that it carries on. */
export class Identity {
  readonly #deployment: Deployment;
  readonly #progress: Progress;
  readonly #complaints: Complaints;

  constructor(deployment: Deployment, progress: Progress, complaints: Complaints) {
    this.#deployment = deployment;
    this.#progress = progress;
    this.#complaints = complaints;
  }

  /** The URN, which nothing else of the program may have. Its parent must be registered. */
  claim(parent: string, type: string, name: string): string {
    const { urns, carried } = this.#progress;
    if (parent !== "" && !urns.has(parent))
      throw new Error(`could not find parent resource ${parent}`);
    const { stack, project } = this.#deployment.options;
    const urn = makeUrn(stack, project, parent, type, name);
    if (urns.has(urn) && !carried.has(urn))
      this.#complaints.refuse(urn, `Duplicate resource URN '${urn}'; try giving it a unique name`);
    urns.add(urn);
    return urn;
  }

  /** The old resource, by URN first and then by the aliases in their order. Conflicts are reported, and make it `invalid`. */
  findOld(urn: string, goal: Named): { old: ResourceState | undefined; invalid: boolean } {
    const { base } = this.#deployment;
    const { aliased, carried } = this.#progress;
    let invalid = false;
    const complain = (message: string): void => {
      invalid = true;
      this.#complaints.report(urn, message);
    };
    const claimed = aliased.get(urn);
    if (claimed !== undefined)
      complain(
        `Duplicate resource URN '${urn}' conflicting with alias on resource with URN '${claimed}'`,
      );
    const own = carried.get(urn) ?? base.get(urn);
    carried.delete(urn);
    if (own !== undefined) return { old: own, invalid };
    for (const alias of this.#aliasesOf(goal)) {
      const old = base.get(alias);
      if (old === undefined) continue;
      if (alias !== urn) {
        const holder = this.#holderOf(alias);
        if (holder !== undefined)
          complain(
            `Duplicate resource alias '${alias}' applied to resource with URN '${urn}' conflicting with resource with URN '${holder}'`,
          );
        this.#rename(alias, urn);
      }
      return { old, invalid };
    }
    return { old: undefined, invalid };
  }

  #aliasesOf(goal: Named): string[] {
    const { stack, project } = this.#deployment.options;
    return expandAliases({ stack, project, ...goal }, goal.aliases, this.#progress.aliases);
  }

  /** Who has an old resource's URN already: one that is registered under it, or that had it as an alias. */
  #holderOf(alias: string): string | undefined {
    return this.#progress.urns.has(alias) ? alias : this.#progress.aliased.get(alias);
  }

  #rename(from: string, to: string): void {
    this.#progress.aliased.set(from, to);
    this.#progress.aliases.set(to, from);
    this.#deployment.providers.alias(to, from);
  }
}
