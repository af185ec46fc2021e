import * as sourcePb from "@pulumi/pulumi/proto/source_pb.js";
import { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import { expect, test } from "vitest";
import { stackTrace } from "../../../engine/monitor/requests.js";
import { speedUpTraces } from "../../../engine/values/fast-trace.js";

type Place = [file: string, line: number, column: number] | undefined;
const { SourcePosition, StackFrame, StackTrace } = sourcePb;

function traceOf(places: Place[]): sourcePb.StackTrace {
  const frames = places.map((place) => {
    const frame = new StackFrame();
    if (place === undefined) return frame;
    const [file, line, column] = place;
    return frame.setPc(new SourcePosition().setUri(file).setLine(line).setColumn(column));
  });
  return new StackTrace().setFramesList(frames);
}

const A: Place = ["file:///project/index.ts", 3, 1];
const B: Place = ["file:///project/lib.ts", 300, 20];
const TRACES: Place[][] = [
  [A, undefined, B],
  [A, undefined, B],
  [A, undefined],
  [A, undefined, B, B],
  [A, ["file:///project/lib.ts", 301, 20], B],
  [A, undefined, ["file:///project/lib.ts", 300, 21]],
  [A, undefined, ["file:///project/other.ts", 300, 20]],
  [undefined, undefined, B],
  [],
  [A, undefined, B],
];
const request = (places: Place[]) =>
  new RegisterResourceRequest().setName("n").setStacktrace(traceOf(places)).setProvider("p");

// `requests.ts` has replaced the class's ways already; a frame of its own has the original ones.
const expected = TRACES.map((places) => ({
  object: traceOf(places).toObject(),
  stack: places.map((place) =>
    place === undefined
      ? {}
      : {
          sourcePosition: `${place[0].replace("file:///", "project:///").replace("/project/", "/")}#${place[1]},${place[2]}`,
        },
  ),
}));
speedUpTraces(sourcePb);

test("every trace arrives as it was sent, whatever came before it", () => {
  for (const first of TRACES.keys())
    for (const second of TRACES.keys())
      for (const index of [first, second, first]) {
        const bytes = request(TRACES[index]!).serializeBinary();
        const received = RegisterResourceRequest.deserializeBinary(bytes);
        expect(received.getStacktrace()!.toObject()).toEqual(expected[index]!.object);
        expect([received.getName(), received.getProvider()]).toEqual(["n", "p"]);
        expect(received.serializeBinary()).toEqual(bytes);
      }
});

test("a list of frames in pieces is put together", () => {
  const parts = [[A], [B]].map((places) => traceOf(places).serializeBinary());
  const received = StackTrace.deserializeBinary(Buffer.concat(parts));
  expect(received.toObject()).toEqual(traceOf([A, B]).toObject());
});

test("resources of a loop share what the state says of their trace", () => {
  const read = (places: Place[], root: string) => {
    const bytes = request(places).serializeBinary();
    const received = RegisterResourceRequest.deserializeBinary(bytes);
    return stackTrace(received.getStacktrace(), root);
  };
  const first = read([A, undefined, B], "/project");
  expect(first).toEqual(expected[0]!.stack);
  expect(read([A, undefined, B], "/project")).toBe(first);
  expect(read([A, undefined, B], "/")).toEqual([
    { sourcePosition: "project:///project/index.ts#3,1" },
    {},
    { sourcePosition: "project:///project/lib.ts#300,20" },
  ]);
  expect(read([], "/project")).toBeUndefined();
});
