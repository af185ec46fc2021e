import type * as pulumi from "@pulumi/pulumi";

/**
 * One key of an output object, by Pulumi's lifted access: it is known as soon as that key is, even while other keys
 * of the object are not. `.apply(o => o[key])` would be unknown, and previews would show false changes.
 */
export function lift<T, K extends keyof T & string>(
  output: pulumi.Output<T>,
  key: K,
): pulumi.Output<NonNullable<T[K]>> {
  return (output as unknown as Record<string, pulumi.Output<NonNullable<T[K]>>>)[key]!;
}
