import * as structPb from "google-protobuf/google/protobuf/struct_pb.js";
import type { PropertyMap } from "../state/model.js";
import { bytesOf, speedUpStructs, structOf } from "./fast-struct.js";
import { isOrdinary, knownBytes, noteReceived, noteSent } from "./known-maps.js";
import { SIGNATURES, UNKNOWN_STRING } from "./signatures.js";
import { isObject, isSecret, isUnknown, signatureOf } from "./wire.js";

const { Struct } = structPb;
speedUpStructs(structPb);

/** What the receiver of a message understands. What it does not is reduced to a plain value. */
export interface MarshalOptions {
  keepUnknowns: boolean;
  keepSecrets: boolean;
  keepResources: boolean;
}

/** undefined: leave the property out. */
function reduce(value: unknown, options: MarshalOptions): unknown {
  if (value === undefined) return undefined;
  if (!options.keepUnknowns && isUnknown(value)) return undefined;
  if (isSecret(value) && !options.keepSecrets) return reduce(value.value, options);
  if (!options.keepResources && signatureOf(value) === SIGNATURES.resource && isObject(value)) {
    const id = value["id"];
    if (id === undefined || id === null) return value["urn"];
    return id === "" ? UNKNOWN_STRING : reduce(id, options);
  }
  return value;
}

/** The value as the receiver may see it; what needs no change is shared. undefined: leave the property out. */
function plain(input: unknown, options: MarshalOptions): unknown {
  const value = reduce(input, options);
  if (typeof value !== "object" || value === null)
    return typeof value === "function" || typeof value === "symbol" ? undefined : value;
  if (!Array.isArray(value)) return plainMap(value as PropertyMap, options);
  let copy: unknown[] | undefined;
  for (let index = 0; index < value.length; index += 1) {
    const item = plain(value[index], options) ?? null;
    if (item !== value[index]) (copy ??= value.slice())[index] = item;
  }
  return copy ?? value;
}

function plainMap(map: PropertyMap, options: MarshalOptions): PropertyMap {
  let copy: PropertyMap | undefined;
  for (const key of Object.keys(map)) {
    const value = plain(map[key], options);
    if (value === map[key] && value !== undefined) continue;
    copy ??= { ...map };
    if (value === undefined) delete copy[key];
    else copy[key] = value;
  }
  return copy ?? map;
}

export function toStruct(map: PropertyMap, options: MarshalOptions): structPb.Struct {
  const sent = isOrdinary(map) ? map : plainMap(map, options);
  const known = knownBytes(sent);
  const struct =
    (known && structOf(structPb, known)) ??
    Struct.fromJavaScript(sent as Parameters<typeof Struct.fromJavaScript>[0]);
  const bytes = known ?? bytesOf(struct);
  // A copy that was made for this message is not met again.
  if (sent === map && bytes !== undefined) noteSent(map, bytes);
  return struct;
}

/** `alike`: maps that it may well be equal to; then it is the same object. */
export function fromStruct(
  struct: structPb.Struct | undefined,
  alike: readonly PropertyMap[] = [],
): PropertyMap {
  if (struct === undefined) return {};
  const bytes = bytesOf(struct);
  if (bytes === undefined) return struct.toJavaScript();
  const equal = alike.find((map) => {
    const other = knownBytes(map);
    return other !== undefined && Buffer.compare(other, bytes) === 0;
  });
  if (equal !== undefined) return equal;
  const map = struct.toJavaScript();
  noteReceived(map, bytes);
  return map;
}
