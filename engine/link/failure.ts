import type { ServiceError } from "@grpc/grpc-js";

/** Codes of gRPC. */
const UNKNOWN = 2;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;
/** What gRPC calls the details of an error, as a message of `google.rpc.Status`. */
const DETAILS = "grpc-status-details-bin";

interface Content {
  code: number;
  details: string;
  /** The bytes of each DETAILS, in base64. */
  more: string[];
}

/** What of gRPC-js is needed to make an error that looks as if it came over gRPC. */
export interface GrpcModule {
  Metadata: typeof import("@grpc/grpc-js").Metadata;
  status: Record<number, string>;
}

/** A call's failure, as gRPC's users know it. */
export class Failure {
  private constructor(private readonly content: Content) {}

  static unavailable(details: string): Failure {
    return new Failure({ code: UNAVAILABLE, details, more: [] });
  }

  static tooLarge(size: number, max: number): Failure {
    const details = `Attempted to send message with a size larger than ${max}: ${size}`;
    return new Failure({ code: RESOURCE_EXHAUSTED, details, more: [] });
  }

  static unimplemented(path: string): Failure {
    const details = `The server does not implement the method ${path}`;
    return new Failure({ code: UNIMPLEMENTED, details, more: [] });
  }

  /** From what a handler of a gRPC server gives its callback. */
  static of(error: Partial<ServiceError>): Failure {
    const more = (error.metadata?.get(DETAILS) ?? []).map((value) =>
      Buffer.from(value as Buffer).toString("base64"),
    );
    // A handler may give any error: only a whole number is a code of gRPC, as gRPC's own server has it.
    const isStatus = Number.isInteger(error.code);
    const message = error.message ?? "Unknown Error";
    return new Failure({
      code: isStatus ? error.code! : UNKNOWN,
      details: isStatus ? (error.details ?? message) : message,
      more,
    });
  }

  static fromBytes(bytes: Buffer): Failure {
    return new Failure(JSON.parse(bytes.toString()) as Content);
  }

  toBytes(): Buffer {
    return Buffer.from(JSON.stringify(this.content));
  }

  /** The error that gRPC would have given to the caller. */
  toError(grpc: GrpcModule): ServiceError {
    const { code, details, more } = this.content;
    const metadata = new grpc.Metadata();
    for (const value of more) metadata.add(DETAILS, Buffer.from(value, "base64"));
    return Object.assign(new Error(`${code} ${grpc.status[code]}: ${details}`), {
      code,
      details,
      metadata,
    });
  }
}
