const BLOCK = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

/** Zero-padded octal digits and a NUL, filling the field. */
const octal = (value: number, width: number): string =>
  `${value.toString(8).padStart(width - 1, "0")}\0`;

interface Header {
  name: string;
  prefix?: string;
  mode: number;
  size: number;
  /** `0` for a file, `x` for records about the file that follows. */
  type: "0" | "x";
}

function headerBlock({ name, prefix = "", mode, size, type }: Header): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, NAME_BYTES);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(type, 156);
  block.write("ustar\x0000", 257);
  if (type === "0") {
    block.write(octal(0, 8), 329);
    block.write(octal(0, 8), 337);
  }
  block.write(prefix, 345, PREFIX_BYTES);
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)} `, 148);
  return block;
}

function padded(data: Buffer): Buffer[] {
  const rest = data.length % BLOCK;
  return rest === 0 ? [data] : [data, Buffer.alloc(BLOCK - rest)];
}

const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text);
const toAscii = (text: string): string => text.replaceAll(/[^\x01-\x7f]/gu, "");

/** Where a long name may be cut into prefix and name. */
function split(name: string): { prefix: string; name: string } | undefined {
  if (name.length <= NAME_BYTES) return undefined;
  const at = name.lastIndexOf("/", Math.min(name.length - 1, PREFIX_BYTES + 1) - 1);
  const rest = name.length - at - 1;
  if (at <= 0 || rest > NAME_BYTES || rest === 0 || at > PREFIX_BYTES) return undefined;
  return { prefix: name.slice(0, at), name: name.slice(at + 1) };
}

/** A record that gives its own length, which counts its own digits. */
function record(key: string, value: string): Buffer {
  const body = Buffer.byteLength(` ${key}=${value}\n`);
  let size = body + String(body).length;
  if (body + String(size).length !== size) size = body + String(size).length;
  return Buffer.from(`${size} ${key}=${value}\n`);
}

/**
 * One file of a tar archive, byte for byte as Go's archive/tar writes a header that has only a name, the mode 0600 and a
 * size: the hash of an archive is that of these bytes.
 */
export function* tarEntry(name: string, data: Buffer): Generator<Buffer> {
  const file = { mode: 0o600, size: data.length, type: "0" as const };
  if (isAscii(name) && name.length <= NAME_BYTES) {
    yield headerBlock({ ...file, name });
  } else {
    const parts = isAscii(name) ? split(name) : undefined;
    if (parts !== undefined) {
      yield headerBlock({ ...file, ...parts });
    } else {
      const records = record("path", name);
      const cut = name.lastIndexOf("/") + 1;
      const about = `${name.slice(0, cut)}PaxHeaders.0/${name.slice(cut)}`;
      yield headerBlock({
        name: toAscii(about).slice(0, NAME_BYTES),
        mode: 0,
        size: records.length,
        type: "x",
      });
      yield* padded(records);
      yield headerBlock({ ...file, name: toAscii(name).slice(0, NAME_BYTES) });
    }
  }
  yield* padded(data);
}

/** What stands at the end of every tar archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK);
