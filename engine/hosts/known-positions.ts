/** Where a frame of a stack is in the program's source. */
export interface Position {
  file?: string;
  line?: number;
  column?: number;
}

/** What `resource` of the SDK exports, as far as it is used here. */
export interface ResourceModule {
  Resource: {
    callsites?: (this: unknown) => Position[];
    stackTrace?: (this: unknown, skip: number) => unknown[];
    framePositionRegExp?: RegExp;
  };
}

type Prepare = (error: Error, frames: NodeJS.CallSite[]) => unknown;

/**
 * The SDK asks for the whole stack of each resource's constructor and has every frame looked up in source maps. A loop
 * that makes a thousand resources has one stack: each frame is looked up once, and made a URL once.
 */
export function keepPositions({ Resource }: ResourceModule): void {
  const { callsites: original, framePositionRegExp: pattern } = Resource;
  if (original === undefined || pattern === undefined) return;
  const known = new Map<string, Position>();
  Resource.callsites = function callsites(): Position[] {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- put back as it was
    const prepare = Error.prepareStackTrace as Prepare | undefined;
    // Without it Node itself looks positions up, which is fast; with one frame more, which is this one.
    if (prepare === undefined) return original.call(Resource).slice(1);
    const limit = Error.stackTraceLimit;
    let frames: NodeJS.CallSite[] = [];
    try {
      Error.stackTraceLimit = Number.POSITIVE_INFINITY;
      Error.prepareStackTrace = (_error, found) => {
        frames = found;
        return "";
      };
      void new Error().stack;
    } finally {
      Error.prepareStackTrace = prepare as typeof Error.prepareStackTrace;
      Error.stackTraceLimit = limit;
    }
    return frames.map((frame) => {
      const place = `${frame.getFileName()}:${frame.getLineNumber()}:${frame.getColumnNumber()}`;
      let position = known.get(place);
      if (position === undefined) {
        position = positionIn(String(prepare(new Error(), [frame])), pattern);
        known.set(place, position);
      }
      return position;
    });
  };
  keepLastTrace(Resource, Resource.callsites);
}

/** A resource made where the last one was has the last one's trace. */
function keepLastTrace(
  Resource: ResourceModule["Resource"],
  callsites: (this: unknown) => Position[],
): void {
  const { stackTrace: original } = Resource;
  if (original === undefined) return;
  let last: { positions: Position[]; skip: number; trace: unknown[] } | undefined;
  Resource.stackTrace = function stackTrace(skip): unknown[] {
    const positions = callsites.call(Resource);
    if (last?.skip === skip && isSameList(last.positions, positions)) return last.trace;
    // With one frame more above it, which is this one.
    const trace = original.call(Resource, skip + 1);
    last = { positions, skip, trace };
    return trace;
  };
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

/** As the SDK reads a line of a stack. */
function positionIn(stack: string, pattern: RegExp): Position {
  const line = stack.split("\n").find((each) => /^\s*at /.test(each)) ?? "";
  const { file, line: row, column } = pattern.exec(line)?.groups ?? {};
  if (file === undefined || file.startsWith("node:")) return {};
  return { file, line: Number(row), column: Number(column) };
}
