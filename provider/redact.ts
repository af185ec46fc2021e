/**
 * Secret values of this process, and the scrubber that every message, error and progress line passes. Values come
 * in when they are first seen (secrets of a container, private keys) and stay for the life of the process.
 */
const secrets = new Set<string>();
let ordered: string[] | undefined;

/** Shorter values would scrub half of every message, and cannot be secrets. */
const SHORTEST = 4;

const SCRUBBED = "[secret]";

/** Registers a value, each line of it when it has several, and the forms in which it usually leaks. */
export function registerSecret(value: unknown): void {
  if (typeof value === "object" && value !== null) {
    for (const member of Object.values(value)) registerSecret(member);
    return;
  }
  if (typeof value !== "string") return;
  const lines = value.split("\n").map((line) => line.trim());
  for (const text of new Set([value, value.trim(), ...lines])) {
    if (text.length < SHORTEST || /^-----/.test(text)) continue;
    for (const form of [text, encodeURIComponentSafely(text), JSON.stringify(text).slice(1, -1)])
      secrets.add(form);
    secrets.add(Buffer.from(text).toString("base64"));
  }
  ordered = undefined;
}

/** The text without any registered value. Longest first, so that no tail of a longer secret remains. */
export function redact(text: string): string {
  if (secrets.size === 0) return text;
  ordered ??= [...secrets].sort((a, b) => b.length - a.length);
  let result = text;
  for (const secret of ordered)
    if (result.includes(secret)) result = result.replaceAll(secret, SCRUBBED);
  return result;
}

/** Forgets everything; for tests. */
export function forgetSecrets(): void {
  secrets.clear();
  ordered = undefined;
}

function encodeURIComponentSafely(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text; // a lone surrogate has no URI form
  }
}
