/** A step of a property path: a key, an index, or `*` for every one. */
export type PathPart = string | number;

const PLAIN_KEY = /^[A-Za-z_$#][\w$#-]*$/;

/** Parses `a.b[0]["c.d"].*`. Throws when it cannot. */
export function parsePath(text: string): PathPart[] {
  const parts: PathPart[] = [];
  let rest = text;
  while (rest.length > 0) {
    if (rest.startsWith(".")) {
      if (parts.length === 0 || rest.length === 1)
        throw new Error(`"${text}" is not a property path`);
      rest = rest.slice(1);
    } else if (rest.startsWith("[")) {
      const quoted = /^\["((?:\\"|\\(?!")|[^"\\])*)"\]/.exec(rest);
      const index = /^\[(\d+|\*)\]/.exec(rest);
      if (quoted?.[1] !== undefined) parts.push(quoted[1].replaceAll('\\"', '"'));
      else if (index?.[1] !== undefined) parts.push(index[1] === "*" ? "*" : Number(index[1]));
      else throw new Error(`"${text}" is not a property path`);
      rest = rest.slice((quoted ?? index)?.[0].length ?? 0);
    } else {
      const key = /^[^.[]+/.exec(rest)?.[0] ?? "";
      parts.push(key);
      rest = rest.slice(key.length);
    }
  }
  return parts;
}

export function formatPath(parts: readonly PathPart[]): string {
  let text = "";
  for (const part of parts) {
    if (typeof part === "number") text += `[${part}]`;
    else if (part === "*" || PLAIN_KEY.test(part)) text += text === "" ? part : `.${part}`;
    else text += `["${part.replaceAll('"', '\\"')}"]`;
  }
  return text;
}

/** True if `other` is this path or lies below it. */
export function pathContains(path: readonly PathPart[], other: readonly PathPart[]): boolean {
  return path.length <= other.length && path.every((part, i) => part === "*" || part === other[i]);
}
