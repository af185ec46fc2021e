import { Module } from "node:module";

/**
 * Whoever requires this CommonJS module gets a stand-in that loads the real one when something of it is used that is not
 * `given`. Throws where the module cannot be found; one that is loaded already stays as it is.
 */
export function loadLater(
  load: NodeJS.Require,
  name: string,
  given: Readonly<Record<string, unknown>> = {},
): void {
  const file = load.resolve(name);
  // Compiled imports ask for `__esModule` at once: they take the module as it is if so, and else copy all of it.
  const known = new Map<string | symbol, unknown>(Object.entries({ __esModule: true, ...given }));
  let real: object | undefined;
  const module = (): object => {
    if (real === undefined) {
      delete load.cache[file];
      real = load(file) as object;
    }
    return real;
  };
  const later = new Proxy(
    {},
    {
      get: (_, key): unknown => known.get(key) ?? Reflect.get(module(), key),
      set: (_, key, value) => Reflect.set(module(), key, value),
      has: (_, key) => Reflect.has(module(), key),
      ownKeys: () => Reflect.ownKeys(module()),
      getOwnPropertyDescriptor: (_, key) => {
        const found = Reflect.getOwnPropertyDescriptor(module(), key);
        return found && { ...found, configurable: true };
      },
    },
  );
  standIn(load, name, later);
}

/** Whoever requires this CommonJS module gets these exports, unless it is loaded already. */
function standIn(load: NodeJS.Require, name: string, exports: object): void {
  const file = load.resolve(name);
  if (load.cache[file] !== undefined) return;
  const module = new Module(file);
  module.filename = file;
  module.loaded = true;
  module.exports = exports;
  load.cache[file] = module;
}
