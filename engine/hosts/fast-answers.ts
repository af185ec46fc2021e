import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { bytesOf } from "../values/fast-struct.js";
import { mentionsSpecial } from "../values/known-maps.js";

/** What `runtime/rpc` of the SDK exports, as far as it is used here. */
export interface AnswerModule {
  deserializeProperties: (answer: Struct, keepUnknowns?: boolean) => Record<string, unknown>;
}

/** The SDK copies all that the engine answers, looking for what is special. Where nothing is, it is taken as it comes. */
export function speedUpAnswers(module: AnswerModule): void {
  const original = module.deserializeProperties;
  module.deserializeProperties = (answer, keepUnknowns) => {
    const bytes = bytesOf(answer);
    if (bytes === undefined || mentionsSpecial(bytes)) return original(answer, keepUnknowns);
    return answer.toJavaScript();
  };
}
