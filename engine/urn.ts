/** URNs (`urn:pulumi:<stack>::<project>::<qualified type>::<name>`) and provider references (`<urn>::<id>`). */
export const ROOT_STACK_TYPE = "pulumi:pulumi:Stack";
export const STACK_REFERENCE_TYPE = "pulumi:pulumi:StackReference";

export interface UrnParts {
  stack: string;
  project: string;
  /** Parent types and own type, joined by `$`. */
  qualifiedType: string;
  type: string;
  name: string;
}

/** Splits a URN. The name may contain `::` itself. Throws when it is none. */
export function parseUrn(urn: string): UrnParts {
  const body = urn.startsWith("urn:pulumi:") ? urn.slice("urn:pulumi:".length) : undefined;
  const parts = body?.split("::");
  const [stack, project, qualifiedType] = parts ?? [];
  if (
    stack === undefined ||
    project === undefined ||
    qualifiedType === undefined ||
    parts === undefined ||
    parts.length < 4
  )
    throw new Error(`"${urn}" is not a URN`);
  const type = qualifiedType.slice(qualifiedType.lastIndexOf("$") + 1);
  return { stack, project, qualifiedType, type, name: parts.slice(3).join("::") };
}

export function urnName(urn: string): string {
  return parseUrn(urn).name;
}

/** The URN of a resource. Children of the root stack carry no parent type. */
export function makeUrn(
  stack: string,
  project: string,
  parent: string,
  type: string,
  name: string,
): string {
  const parentType = parent === "" ? "" : parseUrn(parent).qualifiedType;
  return makeUrnFromParentType(stack, project, parentType, type, name);
}

export function makeUrnFromParentType(
  stack: string,
  project: string,
  parentType: string,
  type: string,
  name: string,
): string {
  const qualified =
    parentType === "" || parentType === ROOT_STACK_TYPE ? type : `${parentType}$${type}`;
  return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
}

const PROVIDER_TYPE_PREFIX = "pulumi:providers:";

export function isProviderType(type: string): boolean {
  return type.startsWith(PROVIDER_TYPE_PREFIX);
}

export function providerType(pkg: string): string {
  return PROVIDER_TYPE_PREFIX + pkg;
}

export function packageOfProviderType(type: string): string {
  return type.slice(PROVIDER_TYPE_PREFIX.length);
}

/** The package that serves a resource type: what stands before the first colon. */
export function packageOfType(type: string): string {
  const colon = type.indexOf(":");
  return colon < 0 ? type : type.slice(0, colon);
}

/** Default providers are the engine's own business: they are neither counted nor shown. */
export function isDefaultProvider(urn: string): boolean {
  if (!urn.includes(PROVIDER_TYPE_PREFIX)) return false;
  const { type, name } = parseUrn(urn);
  return isProviderType(type) && /^default(_|$)/.test(name);
}

export interface ProviderReference {
  urn: string;
  id: string;
}

export function parseProviderReference(reference: string): ProviderReference {
  const at = reference.lastIndexOf("::");
  if (at < 0 || !reference.startsWith("urn:pulumi:"))
    throw new Error(`"${reference}" is not a provider reference`);
  return { urn: reference.slice(0, at), id: reference.slice(at + 2) };
}

export function providerReference(urn: string, id: string): string {
  return `${urn}::${id}`;
}
