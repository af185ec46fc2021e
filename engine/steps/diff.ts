import { type DiffRequest, type DiffResult, type Judge, NO_DIFF } from "../providers/provider.js";
import type { PropertyMap } from "../state/model.js";
import { diffObjects, toReplaceKind } from "../values/diff.js";
import { parsePath, pathContains, type PathPart } from "../values/path.js";
import { resetPath } from "../values/reset-path.js";
import { unwrapSecrets } from "../values/wire.js";

function tryParse(text: string): PathPart[] | undefined {
  try {
    return parsePath(text);
  } catch {
    return undefined;
  }
}

/** The new inputs with every ignored property put back to its old value. `invalid`: paths of which a part
 * exists on one side only. */
export function applyIgnoreChanges(
  news: PropertyMap,
  olds: PropertyMap,
  ignoreChanges: readonly string[],
): { inputs: PropertyMap; invalid: string[] } {
  let inputs = news;
  const invalid: string[] = [];
  for (const text of ignoreChanges) {
    const path = tryParse(text);
    if (path === undefined) continue;
    const { value, complete } = resetPath(olds, inputs, path);
    inputs = value;
    if (!complete) invalid.push(text);
  }
  return { inputs, invalid };
}

/** Asks the provider; when it does not say, the inputs decide. */
export async function diffResource(provider: Judge, request: DiffRequest): Promise<DiffResult> {
  const diff = await provider.diff(request);
  if (diff.changes !== "unknown") return diff;
  const { inputs } = applyIgnoreChanges(
    request.newInputs,
    request.oldInputs,
    request.ignoreChanges,
  );
  const { changedKeys, detailed } = diffObjects(
    unwrapSecrets(request.oldInputs) as PropertyMap,
    unwrapSecrets(inputs) as PropertyMap,
  );
  if (changedKeys.length === 0) return { ...diff, changes: "none" };
  return { ...diff, changes: "some", changedKeys, detailedDiff: detailed };
}

/** Turns what changed at a replaceOnChanges path into a replacement; `#initerror` stands for init errors. */
export function applyReplaceOnChanges(
  diff: DiffResult,
  replaceOnChanges: readonly string[],
  hasInitErrors: boolean,
): DiffResult {
  if (replaceOnChanges.length === 0 || (diff.changes !== "some" && !hasInitErrors)) return diff;
  const paths = replaceOnChanges.map(parsePath);
  const matches = (text: string): boolean => {
    const path = tryParse(text);
    return path !== undefined && paths.some((own) => pathContains(own, path));
  };
  const replaceKeys = new Set([...diff.replaceKeys, ...diff.changedKeys.filter(matches)]);
  let { changes, detailedDiff } = diff;
  if (detailedDiff !== undefined) {
    detailedDiff = Object.fromEntries(
      Object.entries(detailedDiff).map(([path, entry]) => [
        path,
        matches(path) ? { ...entry, diffKind: toReplaceKind(entry.diffKind) } : entry,
      ]),
    );
  }
  if (hasInitErrors && matches("#initerror")) {
    replaceKeys.add("#initerror");
    changes = "some";
    if (detailedDiff !== undefined)
      detailedDiff = {
        ...detailedDiff,
        "#initerror": { diffKind: "update-replace", inputDiff: false },
      };
  }
  return {
    ...diff,
    changes,
    replaceKeys: [...replaceKeys],
    ...(detailedDiff === undefined ? {} : { detailedDiff }),
  };
}

/** A replacement for a reason of the engine's own. */
export function replaceBecause(key: string): DiffResult {
  return { ...NO_DIFF, changes: "some", replaceKeys: [key] };
}
