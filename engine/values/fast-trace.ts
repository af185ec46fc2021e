import type { BinaryWriter } from "google-protobuf";
import type * as sourcePb from "@pulumi/pulumi/proto/source_pb.js";

/** What a reader of google-protobuf offers; its types leave some of it out. */
interface Reader {
  nextField(): boolean;
  skipField(): void;
  getCursor(): number;
  getBuffer(): Uint8Array;
}

type Trace = sourcePb.StackTrace;
type Frames = sourcePb.StackFrame[];

/** The parts of the class that are replaced. */
interface TraceClass {
  serializeBinaryToWriter(message: Trace, writer: BinaryWriter): void;
  deserializeBinaryFromReader(message: Trace, reader: Reader): Trace;
}

/** A trace and what stands for it in a message. */
interface Known {
  frames: Frames;
  bytes: Uint8Array;
}

/** Across copies of this module: a program's process may hold several. */
const INSTALLED = Symbol.for("clocker.fast-trace");

/**
 * Each resource is registered with the stack of its constructor, a dozen frames; those of a loop have the same. As long as it
 * stays the same, its bytes are made once, and whoever reads them gets the same list of frames, which is not to be changed.
 */
export function speedUpTraces({ StackTrace }: typeof sourcePb): void {
  const Class = StackTrace as unknown as TraceClass;
  if (INSTALLED in Class) return;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- each is called with its receiver
  const { serializeBinaryToWriter, deserializeBinaryFromReader } = Class;
  let written: Known | undefined;
  let read: Known | undefined;

  Class.serializeBinaryToWriter = (message, writer) => {
    const frames = message.getFramesList();
    if (written === undefined || !isSameTrace(frames, written.frames)) {
      const own = new (writer.constructor as typeof BinaryWriter)();
      serializeBinaryToWriter.call(Class, message, own);
      written = { frames, bytes: own.getResultBuffer() };
    }
    writer.writeSerializedMessage(written.bytes, 0, written.bytes.length);
  };
  Class.deserializeBinaryFromReader = (message, reader) => {
    const start = reader.getCursor();
    while (reader.nextField()) reader.skipField();
    const bytes = reader.getBuffer().subarray(start, reader.getCursor());
    if (read !== undefined && Buffer.compare(bytes, read.bytes) === 0)
      return message.setFramesList(read.frames);
    const own = new (reader.constructor as new (bytes: Uint8Array) => Reader)(bytes);
    deserializeBinaryFromReader.call(Class, message, own);
    read = { frames: message.getFramesList(), bytes };
    return message;
  };
  Object.assign(Class, { [INSTALLED]: true });
}

function isSameTrace(one: Frames, other: Frames): boolean {
  if (one.length !== other.length) return false;
  return one.every((frame, index) => {
    const [a, b] = [frame.getPc(), other[index]!.getPc()];
    if (a === undefined || b === undefined) return a === b;
    return (
      a.getLine() === b.getLine() && a.getColumn() === b.getColumn() && a.getUri() === b.getUri()
    );
  });
}
