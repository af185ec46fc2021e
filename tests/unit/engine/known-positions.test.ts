import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { keepPositions, type ResourceModule } from "../../../engine/hosts/known-positions.js";

const load = createRequire(__filename);
const module = load("@pulumi/pulumi/resource") as ResourceModule;
const { Resource } = module;
const { callsites, stackTrace } = Resource;
// eslint-disable-next-line @typescript-eslint/unbound-method -- put back as it was
const prepare = Error.prepareStackTrace;

afterEach(() => {
  Object.assign(Resource, { callsites, stackTrace });
  Error.prepareStackTrace = prepare;
});

/** As a program has it: made by one line of a loop, below a constructor. */
const traceOf = (): unknown[] => Resource.stackTrace!(1);
const made = (): unknown[] => traceOf();
const loop = (): unknown[][] => [1, 2, 3].map(() => made());
function twice(): unknown[][] {
  const one = made();
  const other = made();
  return [one, other];
}

describe.each([
  // As ts-node has it, which knows the positions in TypeScript.
  [
    "mapped",
    (error: Error, frames: NodeJS.CallSite[]) => [error, ...frames].map(String).join("\n    at "),
  ],
  ["Node's own", undefined],
])("positions, %s", (_, own) => {
  it("are those that the SDK finds, also the second time", () => {
    Object.assign(Error, { prepareStackTrace: own });
    const run = (isKept: boolean): unknown[][] => {
      Object.assign(Resource, { callsites, stackTrace });
      if (isKept) keepPositions(module);
      return loop();
    };
    const [plain, kept] = [false, true].map(run);
    expect(plain![0]![0]).toHaveProperty("uri", pathToFileURL(__filename).href);
    expect(kept).toEqual(plain);
  });

  it("are told apart by the line that makes the resource", () => {
    Object.assign(Error, { prepareStackTrace: own });
    keepPositions(module);
    const lines = twice().map(([, , user]) => (user as { line: number }).line);
    expect(lines[1]! - lines[0]!).toBe(1);
  });
});
