import { EngineError } from "../errors.js";

/** A path into a configuration value: names and indexes. */
export type ConfigPath = (string | number)[];

/**
 * Reads `root.nested`, `root["a.b"]`, `root[0].x` as the CLI's `--path` does
 * (pulumi/pulumi sdk/go/common/resource ParsePropertyPathStrict).
 */
export function parsePath(text: string): ConfigPath {
  const refuse = (why: string): never => {
    throw new EngineError("invalid-input", `${JSON.stringify(text)} is no path: ${why}`);
  };
  const path: ConfigPath = [];
  let at = 0;
  if (text.startsWith(".")) refuse("it must start with a name");
  while (at < text.length) {
    if (text[at] === ".") {
      at += 1;
      if (at === text.length) refuse("it ends with a dot");
      if (text[at] === "[") refuse("after a dot there must be a name");
    } else if (text.startsWith('["', at)) {
      const match = /^\["((?:\\"|[^"])*)"\]/.exec(text.slice(at));
      if (!match) return refuse("a quoted name is not closed");
      path.push((match[1] ?? "").replaceAll('\\"', '"'));
      at += match[0].length;
      continue;
    } else if (text[at] === "[") {
      const match = /^\[(\d+)\]/.exec(text.slice(at));
      if (!match) return refuse("between brackets there must be a number or a quoted name");
      path.push(Number(match[1]));
      at += match[0].length;
      continue;
    }
    const name = /^[^.[]+/.exec(text.slice(at))?.[0];
    if (name === undefined) return refuse("a name is missing");
    path.push(name);
    at += name.length;
  }
  return path;
}
