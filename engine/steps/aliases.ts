import type { Alias } from "../deployment/goal.js";
import { makeUrn, makeUrnFromParentType, parseUrn, urnName } from "../urn.js";

interface Own {
  stack: string;
  project: string;
  name: string;
  type: string;
  parent: string;
}

/** The old URNs of what this operation has registered under another, by the new ones. */
type Renamed = ReadonlyMap<string, string>;

function aliasUrn(own: Own, alias: Alias, renamed: Renamed): string {
  if ("urn" in alias) return alias.urn;
  const parent = alias.noParent === true ? "" : oldParent(own, alias.parentUrn, renamed);
  return makeUrn(
    alias.stack ?? own.stack,
    alias.project ?? own.project,
    parent,
    alias.type ?? own.type,
    alias.name ?? own.name,
  );
}

/** A parent that is named by what it is now stands for what it was. */
function oldParent(own: Own, named: string | undefined, renamed: Renamed): string {
  return named === undefined ? own.parent : (renamed.get(named) ?? named);
}

/** A child named after its parent (`app-db` under `app`) is taken to have been renamed with it. */
function inherited(own: Own, type: string, name: string, parentAlias: string): string {
  const parentName = urnName(own.parent);
  const old = parseUrn(parentAlias);
  const oldName = name.startsWith(parentName) ? old.name + name.slice(parentName.length) : name;
  return makeUrnFromParentType(own.stack, own.project, old.qualifiedType, type, oldName);
}

/** All URNs the resource may have had, in the order in which they are looked up. */
export function expandAliases(own: Own, aliases: readonly Alias[], renamed: Renamed): string[] {
  const urns = new Set<string>();
  for (const alias of aliases) urns.add(aliasUrn(own, alias, renamed));
  const parentAlias = renamed.get(own.parent);
  if (parentAlias !== undefined) {
    urns.add(inherited(own, own.type, own.name, parentAlias));
    for (const alias of aliases) {
      const { type, name } = parseUrn(aliasUrn(own, alias, renamed));
      urns.add(inherited(own, type, name, parentAlias));
    }
  }
  return [...urns];
}
