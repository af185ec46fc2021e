import { status } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb.js";
import { Status } from "@pulumi/pulumi/proto/status_pb.js";
import type { PropertyMap } from "../state/model.js";
import { fromStruct } from "../values/struct.js";
import { isServiceError } from "./grpc.js";
import { type PartialFailure, ProviderError } from "./provider.js";

/** After these nobody can say whether the resource was changed. */
const UNCERTAIN = new Set([status.INTERNAL, status.DATA_LOSS, status.UNKNOWN]);

/** What a failed call says about the resource. */
export interface InitFailure {
  id: string;
  outputs: PropertyMap;
  inputs: PropertyMap | undefined;
  partial: PartialFailure;
}

/** The message without gRPC's `13 INTERNAL: ` in front. */
export function grpcMessage(error: unknown): string {
  if (isServiceError(error) && error.details !== "") return error.details;
  return error instanceof Error ? error.message : String(error);
}

/** What gRPC says when the other side goes away after the call was sent. Before that it says "No connection established". */
const CUT_OFF = /connection dropped|ECONNRESET|EPIPE|socket hang up|RST_STREAM|stream removed/i;

/** `effect`: the call was to change something. */
export function providerError(error: unknown, effect = false): ProviderError {
  if (error instanceof ProviderError) return error;
  if (isServiceError(error) && error.code === status.UNAVAILABLE && CUT_OFF.test(error.details)) {
    const what = effect
      ? "the provider's process ended in the midst of it; it may have taken effect all the same"
      : "the provider's process ended in the midst of it";
    return new ProviderError(
      `${what}\nRun again: what was begun is found and taken up.`,
      "unknown",
      true,
    );
  }
  const uncertain = isServiceError(error) && UNCERTAIN.has(error.code);
  return new ProviderError(grpcMessage(error), uncertain ? "unknown" : "ok");
}

/** The resource exists but is not well, if that is what the error's details say. */
export function initFailure(error: unknown): InitFailure | undefined {
  if (!isServiceError(error)) return undefined;
  for (const raw of error.metadata?.get("grpc-status-details-bin") ?? []) {
    const bytes = typeof raw === "string" ? Buffer.from(raw, "base64") : raw;
    for (const detail of Status.deserializeBinary(bytes).getDetailsList()) {
      if (!detail.getTypeUrl().endsWith("pulumirpc.ErrorResourceInitFailed")) continue;
      const failure = ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
      const inputs = failure.getInputs();
      return {
        id: failure.getId(),
        outputs: fromStruct(failure.getProperties()),
        inputs: inputs === undefined ? undefined : fromStruct(inputs),
        partial: { message: grpcMessage(error), reasons: failure.getReasonsList() },
      };
    }
  }
  return undefined;
}
