/** The parts of a URN that people read: `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`. */
export interface UrnParts {
  stack: string;
  project: string;
  type: string;
  name: string;
}

export const STACK_TYPE = "pulumi:pulumi:Stack";

export function parseUrn(urn: string): UrnParts {
  const [head = "", project = "", types = "", ...names] = urn.split("::");
  return {
    stack: head.replace(/^urn:pulumi:/, ""),
    project,
    type: types.split("$").at(-1) ?? "",
    // A name may contain "::".
    name: names.join("::"),
  };
}

export const isStackUrn = (urn: string): boolean => parseUrn(urn).type === STACK_TYPE;

export const stackUrn = (project: string, stack: string): string =>
  `urn:pulumi:${stack}::${project}::${STACK_TYPE}::${project}-${stack}`;

/**
 * A type as shown in rows: `pulumi-nodejs:dynamic/clocker:DockerHost` is `clocker:DockerHost`, and
 * `aws:s3/bucket:Bucket` is `aws:s3:Bucket`, as the CLI has it.
 */
export function shortType(type: string): string {
  const dynamic = /^pulumi-nodejs:dynamic\/(.+)$/.exec(type)?.[1];
  if (dynamic !== undefined) return dynamic;
  const [pkg = "", module, member] = type.split(":");
  if (module === undefined || member === undefined) return type;
  const [folder, file] = module.split("/");
  const isDefaultFile =
    file !== undefined && file.toLowerCase() === member.toLowerCase() && folder !== undefined;
  return isDefaultFile ? `${pkg}:${folder}:${member}` : type;
}

/** Default providers are the engine's own and are not shown, as in the CLI. */
export function isDefaultProvider(urn: string): boolean {
  const { type, name } = parseUrn(urn);
  return type.startsWith("pulumi:providers:") && /^default(_|$)/.test(name);
}
