import type * as structPb from "google-protobuf/google/protobuf/struct_pb.js";

/** What a reader of google-protobuf offers; its types leave some of it out. */
interface Reader {
  nextField(): boolean;
  skipField(): void;
  getCursor(): number;
  getBuffer(): Uint8Array;
}

interface Writer {
  writeSerializedMessage(bytes: Uint8Array, start: number, end: number): void;
}

type Struct = structPb.Struct & { [BYTES]?: Uint8Array | undefined };

/** The parts of the class that are replaced. */
interface StructClass {
  new (): Struct;
  fromJavaScript(value: object): Struct;
  serializeBinaryToWriter(message: Struct, writer: Writer): void;
  deserializeBinaryFromReader(message: Struct, reader: Reader): Struct;
  prototype: Struct;
}

/** Across copies of this module, as INSTALLED. */
const BYTES = Symbol.for("clocker.struct-bytes");

/**
 * Gives `google.protobuf.Struct` a faster way between bytes and plain objects. google-protobuf makes several objects for
 * each value, which was half of all that an engine, its program and its providers did. A message now keeps its bytes until
 * somebody asks for its fields one by one, which is rare. Same bytes, same objects: where a sample says otherwise, nothing
 * is replaced.
 */
export function speedUpStructs(module: typeof structPb): void {
  const Class = module.Struct as unknown as StructClass;
  if (INSTALLED in Class) return;
  /* eslint-disable @typescript-eslint/unbound-method -- each is called with its receiver */
  const { fromJavaScript, serializeBinaryToWriter, deserializeBinaryFromReader } = Class;
  const { toJavaScript, getFieldsMap, cloneMessage, clone } = Class.prototype;
  /* eslint-enable @typescript-eslint/unbound-method */
  const plain = Buffer.from(fromJavaScript.call(Class, SAMPLE).serializeBinary());
  if (!plain.equals(encodeStruct(SAMPLE)) || !same(decodeStruct(plain), SAMPLE)) return;

  const open = (message: Struct): void => {
    const bytes = message[BYTES];
    if (bytes === undefined) return;
    message[BYTES] = undefined;
    const fields = getFieldsMap.call(message);
    const parsed = fromJavaScript.call(Class, decodeStruct(bytes));
    getFieldsMap.call(parsed).forEach((value, key) => fields.set(key, value));
  };
  Class.fromJavaScript = (value) => {
    const message = new Class();
    message[BYTES] = encodeStruct(value as Record<string, unknown>);
    return message;
  };
  Class.serializeBinaryToWriter = (message, writer) => {
    const bytes = message[BYTES];
    if (bytes === undefined) serializeBinaryToWriter.call(Class, message, writer);
    else writer.writeSerializedMessage(bytes, 0, bytes.length);
  };
  Class.deserializeBinaryFromReader = (message, reader) => {
    const start = reader.getCursor();
    while (reader.nextField()) reader.skipField();
    const bytes = reader.getBuffer().subarray(start, reader.getCursor());
    if (message[BYTES] === undefined && getFieldsMap.call(message).getLength() === 0) {
      message[BYTES] = bytes;
      return message;
    }
    // A second part of a message that was sent in pieces.
    open(message);
    const more = fromJavaScript.call(Class, decodeStruct(bytes));
    getFieldsMap.call(more).forEach((value, key) => getFieldsMap.call(message).set(key, value));
    return message;
  };
  Class.prototype.toJavaScript = function (this: Struct) {
    const bytes = this[BYTES];
    return (bytes === undefined ? toJavaScript.call(this) : decodeStruct(bytes)) as never;
  };
  Class.prototype.getFieldsMap = function (this: Struct, ...rest: []) {
    open(this);
    return getFieldsMap.apply(this, rest);
  };
  Class.prototype.cloneMessage = function (this: Struct) {
    open(this);
    return cloneMessage.call(this);
  };
  Class.prototype.clone = function (this: Struct) {
    open(this);
    return clone.call(this);
  };
  Object.assign(Class, { [INSTALLED]: deserializeBinaryFromReader });
}

/** The bytes of a message that nobody has looked into field by field. */
export function bytesOf(message: structPb.Struct): Uint8Array | undefined {
  return (message as Struct)[BYTES];
}

/** A message with these bytes; undefined where structs are google-protobuf's own. */
export function structOf(
  { Struct: Class }: typeof structPb,
  bytes: Uint8Array,
): structPb.Struct | undefined {
  if (!(INSTALLED in Class)) return undefined;
  const message: Struct = new Class();
  message[BYTES] = bytes;
  return message;
}

/** Across copies of this module: a program's process may hold several. */
const INSTALLED = Symbol.for("clocker.fast-struct");

const SAMPLE = {
  list: [1, -0.5, "two", true, false, null, [], {}, [{ a: "b" }]],
  text: "ä€😀\u0000",
  "": { nested: { deep: [[1e300]] }, zero: 0 },
};

function same(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([x], [y]) => (x < y ? -1 : 1))
            .map(([key, item]) => [key, sorted(item)]),
        )
      : Array.isArray(value)
        ? value.map(sorted)
        : value;
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** Written from its end to its start, so that every length is known when it is due. */
let buffer = Buffer.allocUnsafe(64 * 1024);
let at = 0;

/** The bytes of a Struct. Keys in order, as google-protobuf writes them. */
export function encodeStruct(map: Record<string, unknown>): Uint8Array {
  at = buffer.length;
  writeStruct(map);
  const bytes = Uint8Array.prototype.slice.call(buffer, at);
  // One large message must not hold its memory for ever.
  if (buffer.length > 4 * 1024 * 1024) buffer = Buffer.allocUnsafe(64 * 1024);
  return bytes;
}

function room(size: number): void {
  if (at >= size) return;
  const used = buffer.length - at;
  const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, used + size));
  buffer.copy(larger, larger.length - used, at);
  at = larger.length - used;
  buffer = larger;
}

function writeByte(byte: number): void {
  room(1);
  buffer[--at] = byte;
}

function writeLength(length: number): void {
  room(5);
  if (length < 0x80) {
    buffer[--at] = length;
    return;
  }
  let size = 1;
  for (let rest = length; rest > 0x7f; rest >>>= 7) size += 1;
  at -= size;
  let rest = length;
  for (let index = 0; index < size - 1; index += 1, rest >>>= 7)
    buffer[at + index] = (rest & 0x7f) | 0x80;
  buffer[at + size - 1] = rest;
}

/** Up to this length, a call into Node's buffers costs more than to go character by character. */
const SHORT = 40;

function writeText(text: string): void {
  if (text.length <= SHORT && writeAscii(text)) {
    writeLength(text.length);
    return;
  }
  const size = Buffer.byteLength(text);
  room(size);
  at -= size;
  buffer.write(text, at);
  writeLength(size);
}

/** False, and nothing is written, when some character is not one byte. */
function writeAscii(text: string): boolean {
  room(text.length);
  const start = at - text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return false;
    buffer[start + index] = code;
  }
  at = start;
  return true;
}

function writeStruct(map: Record<string, unknown>): void {
  const keys: string[] = [];
  let ordered = true;
  for (const key in map) {
    if (keys.length > 0 && !(keys[keys.length - 1]! < key)) ordered = false;
    keys.push(key);
  }
  // What was in a message before is in order.
  if (!ordered) keys.sort();
  for (let index = keys.length - 1; index >= 0; index -= 1) {
    const key = keys[index]!;
    const end = buffer.length - at;
    writeValue(map[key]);
    writeLength(buffer.length - at - end);
    writeByte(0x12);
    writeText(key);
    writeByte(0x0a);
    writeLength(buffer.length - at - end);
    writeByte(0x0a);
  }
}

function writeValue(value: unknown): void {
  switch (typeof value) {
    case "string":
      writeText(value);
      writeByte(0x1a);
      return;
    case "number":
      room(9);
      at -= 8;
      buffer.writeDoubleLE(value, at);
      buffer[--at] = 0x11;
      return;
    case "boolean":
      writeByte(value ? 1 : 0);
      writeByte(0x20);
      return;
    case "object": {
      if (value === null) {
        writeByte(0);
        writeByte(0x08);
        return;
      }
      const end = buffer.length - at;
      if (Array.isArray(value)) {
        for (let index = value.length - 1; index >= 0; index -= 1) {
          const itemEnd = buffer.length - at;
          writeValue(value[index]);
          writeLength(buffer.length - at - itemEnd);
          writeByte(0x0a);
        }
      } else writeStruct(value as Record<string, unknown>);
      writeLength(buffer.length - at - end);
      writeByte(Array.isArray(value) ? 0x32 : 0x2a);
      return;
    }
    default:
      throw new Error("Unexpected struct type.");
  }
}

/** What is being read; reading is never interrupted. */
let source: Buffer = Buffer.alloc(0);
let cursor = 0;

/** The plain object of a Struct's bytes, with its keys in order. */
export function decodeStruct(bytes: Uint8Array): Record<string, unknown> {
  source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  cursor = 0;
  const result = readStruct(source.length);
  source = Buffer.alloc(0);
  return result;
}

function readLength(): number {
  let result = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = source[cursor++];
    if (byte === undefined) throw new Error("A message ends too early.");
    result += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return result;
  }
}

function readEnd(limit: number): number {
  const end = readLength() + cursor;
  if (end > limit) throw new Error("A message ends too early.");
  return end;
}

function skip(tag: number, limit: number): void {
  const wire = tag & 7;
  if (wire === 0) readLength();
  else if (wire === 1) cursor += 8;
  else if (wire === 2) cursor = readEnd(limit);
  else if (wire === 5) cursor += 4;
  else throw new Error("A message holds an unknown kind of field.");
}

function readText(limit: number): string {
  return readRest(readEnd(limit));
}

function readRest(end: number): string {
  const text = source.toString("utf8", cursor, end);
  cursor = end;
  return text;
}

/** Names of properties by a hash of their bytes: few are met again and again, and these need no new text. */
const names: (string | undefined)[] = new Array<string | undefined>(1024).fill(undefined);

function readName(limit: number): string {
  const end = readEnd(limit);
  const size = end - cursor;
  if (size > SHORT) return readRest(end);
  let hash = size;
  for (let index = cursor; index < end; index += 1)
    hash = (Math.imul(hash, 31) + source[index]!) & 1023;
  const known = names[hash];
  if (known?.length === size && isNext(known)) {
    cursor = end;
    return known;
  }
  const name = readRest(end);
  if (name.length === size) names[hash] = name;
  return name;
}

/** Whether the text stands at the cursor, each character as one byte. */
function isNext(text: string): boolean {
  for (let index = 0; index < text.length; index += 1)
    if (source[cursor + index] !== text.charCodeAt(index)) return false;
  return true;
}

function readStruct(limit: number): Record<string, unknown> {
  const keys: string[] = [];
  const values: unknown[] = [];
  let ordered = true;
  while (cursor < limit) {
    const tag = readLength();
    if (tag !== 0x0a) {
      skip(tag, limit);
      continue;
    }
    const end = readEnd(limit);
    let key = "";
    let value: unknown = null;
    while (cursor < end) {
      const part = readLength();
      if (part === 0x0a) key = readName(end);
      else if (part === 0x12) value = readValue(readEnd(end));
      else skip(part, end);
    }
    if (keys.length > 0 && !(keys[keys.length - 1]! < key)) ordered = false;
    keys.push(key);
    values.push(value);
  }
  const result: Record<string, unknown> = {};
  if (ordered) {
    for (let index = 0; index < keys.length; index += 1) put(result, keys[index]!, values[index]);
    return result;
  }
  const last = new Map(keys.map((key, index) => [key, values[index]]));
  for (const key of [...last.keys()].sort()) put(result, key, last.get(key));
  return result;
}

/** As an own property whatever the key: assigning `__proto__` would change what the object is and lose the value. */
function put(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(map, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  } else map[key] = value;
}

function readValue(limit: number): unknown {
  let value: unknown;
  while (cursor < limit) {
    const tag = readLength();
    switch (tag) {
      case 0x08:
        readLength();
        value = null;
        break;
      case 0x11:
        value = source.readDoubleLE(cursor);
        cursor += 8;
        break;
      case 0x1a:
        value = readText(limit);
        break;
      case 0x20:
        value = readLength() !== 0;
        break;
      case 0x2a:
        value = readStruct(readEnd(limit));
        break;
      case 0x32: {
        const end = readEnd(limit);
        const list: unknown[] = [];
        while (cursor < end) {
          const part = readLength();
          if (part === 0x0a) list.push(readValue(readEnd(end)));
          else skip(part, end);
        }
        value = list;
        break;
      }
      default:
        skip(tag, limit);
    }
  }
  if (value === undefined) throw new Error("Unexpected struct type");
  return value;
}
