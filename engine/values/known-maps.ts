import type { PropertyMap } from "../state/model.js";
import { SIGNATURE_KEY, UNKNOWN_STRING } from "./signatures.js";

/**
 * What is known of property maps, by the map itself: a map is never changed in place, so that it stays true. An unchanged
 * resource's maps are looked through and sent several times on their way through the engine; this is how it happens once.
 */
const ordinary = new WeakSet<PropertyMap>();
const messages = new WeakMap<PropertyMap, Uint8Array>();

const MARKS = [SIGNATURE_KEY, UNKNOWN_STRING].map((mark) => Buffer.from(mark));

/**
 * Nothing in it is special, at any depth: no secret, unknown, output, asset or reference, nor what a message cannot hold. False
 * when that is not known.
 */
export function isOrdinary(map: PropertyMap): boolean {
  return ordinary.has(map);
}

/** Looks through a map that was read from JSON. True: it is ordinary from now on. */
export function noteIfOrdinary(map: PropertyMap): boolean {
  if (holdsMark(map)) return false;
  ordinary.add(map);
  return true;
}

function holdsMark(value: unknown): boolean {
  if (typeof value === "string") return value === UNKNOWN_STRING;
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsMark);
  for (const key in value)
    if (key === SIGNATURE_KEY || holdsMark((value as PropertyMap)[key])) return true;
  return false;
}

/** The map came as these bytes of a Struct. */
export function noteReceived(map: PropertyMap, bytes: Uint8Array): void {
  messages.set(map, bytes);
  if (!mentionsSpecial(bytes)) ordinary.add(map);
}

/** Whether anything in the bytes of a Struct may be special. */
export function mentionsSpecial(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return MARKS.some((mark) => buffer.includes(mark));
}

/** The map was sent as these bytes, with nothing of it left out. */
export function noteSent(map: PropertyMap, bytes: Uint8Array): void {
  messages.set(map, bytes);
}

/** The Struct that holds the map, if it was ever in a message. */
export function knownBytes(map: PropertyMap): Uint8Array | undefined {
  return messages.get(map);
}
