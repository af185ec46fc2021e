import { ListValue, NullValue, Struct, Value } from "google-protobuf/google/protobuf/struct_pb.js";
import type { PropertyMap } from "../state/model.js";
import { SIGNATURES, UNKNOWN_STRING } from "./signatures.js";
import { isObject, isSecret, isUnknown, signatureOf } from "./wire.js";

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

function toValue(input: unknown, options: MarshalOptions): Value | undefined {
  const value = reduce(input, options);
  const result = new Value();
  switch (typeof value) {
    case "string":
      return result.setStringValue(value);
    case "number":
      return result.setNumberValue(value);
    case "boolean":
      return result.setBoolValue(value);
    case "object": {
      if (value === null) return result.setNullValue(NullValue.NULL_VALUE);
      if (!Array.isArray(value))
        return result.setStructValue(toStruct(value as PropertyMap, options));
      const list = new ListValue();
      list.setValuesList(
        value.map(
          (item) => toValue(item, options) ?? new Value().setNullValue(NullValue.NULL_VALUE),
        ),
      );
      return result.setListValue(list);
    }
    default:
      return undefined;
  }
}

export function toStruct(map: PropertyMap, options: MarshalOptions): Struct {
  const struct = new Struct();
  const fields = struct.getFieldsMap();
  for (const key of Object.keys(map)) {
    const value = toValue(map[key], options);
    if (value !== undefined) fields.set(key, value);
  }
  return struct;
}

export function fromStruct(struct: Struct | undefined): PropertyMap {
  return struct === undefined ? {} : struct.toJavaScript();
}
