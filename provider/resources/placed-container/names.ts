import type { Meta } from "../../lifecycle.js";

/** Eight hexadecimal digits, chosen at each creation. */
const GENERATION = /^[0-9a-f]{8}$/;

/** Docker name of one generation of a container. */
export function containerNameOf(meta: Pick<Meta, "stack" | "name">, generation: string): string {
  return `${meta.stack}-${meta.name}-${generation}`;
}

/** The generation in a Docker name (with or without Docker's leading slash), or undefined when it is not our form. */
export function generationIn(
  dockerName: string,
  meta: Pick<Meta, "stack" | "name">,
): string | undefined {
  const prefix = `${meta.stack}-${meta.name}-`;
  const name = dockerName.replace(/^\//, "");
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return GENERATION.test(rest) ? rest : undefined;
}
