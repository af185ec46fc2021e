import * as grpc from "@grpc/grpc-js";

/** Pulumi's own limit for a message: whole states travel in them. */
export const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

export const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
};

type Callback<Res> = (error: grpc.ServiceError | null, response: Res) => void;

/** A unary call as a promise. */
export function call<Res>(begin: (done: Callback<Res>) => unknown): Promise<Res> {
  return new Promise((resolve, reject) => {
    begin((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

export function isServiceError(error: unknown): error is grpc.ServiceError {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "number" &&
    "details" in error
  );
}

export function isUnimplemented(error: unknown): boolean {
  return isServiceError(error) && error.code === grpc.status.UNIMPLEMENTED;
}
