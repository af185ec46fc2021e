import type { IEngineServer } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import * as pb from "@pulumi/pulumi/proto/engine_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import semver from "semver";
import { ShutDown } from "../deployment/conductor.js";
import type { EventStream } from "../deployment/diagnostics.js";
import { EngineError } from "../errors.js";
import type { Severity } from "../events.js";
import { engineVersion } from "../state/manifest.js";
import { unary } from "./monitor-service.js";

const SEVERITIES: Record<number, Severity> = { 0: "debug", 1: "info", 2: "warning", 3: "error" };

/** How the SDK words our refusals. Whether it still gets to report one before it exits is a race in the SDK. */
const REFUSED = new RegExp(`Resource monitor is terminating|UNAVAILABLE: ${ShutDown.MESSAGE}`);

/** How it words that a resource will not come, to whoever waits for it. */
const NOT_COMING = /\bresource .+ \[.+\] failed to register/;

/**
 * The Engine service: where the program and the providers send their messages. `hasEnded`: whether the operation is over for
 * the program, so that what it says of missing resources is no news.
 */
export function engineService(events: EventStream, hasEnded: () => boolean): IEngineServer {
  let rootUrn = "";
  return {
    log: unary(async (request: pb.LogRequest) => {
      const severity = SEVERITIES[request.getSeverity()] ?? "info";
      // The operation has said why it ended.
      const echoes = hasEnded() ? [REFUSED, NOT_COMING] : [REFUSED];
      if (severity === "error" && echoes.some((echo) => echo.test(request.getMessage())))
        return new Empty();
      const streamId = request.getStreamid();
      events.diagnostic(severity, request.getMessage(), {
        urn: request.getUrn(),
        ephemeral: request.getEphemeral(),
        ...(streamId === 0 ? {} : { streamId }),
      });
      return new Empty();
    }),
    getRootResource: unary(async () => new pb.GetRootResourceResponse().setUrn(rootUrn)),
    setRootResource: unary(async (request: pb.SetRootResourceRequest) => {
      rootUrn = request.getUrn();
      return new pb.SetRootResourceResponse();
    }),
    startDebugging: unary(async () => new Empty()),
    requirePulumiVersion: unary(async (request: pb.RequirePulumiVersionRequest) => {
      const range = request.getPulumiVersionRange();
      const version = engineVersion().replace(/^v/, "");
      if (!semver.satisfies(version, range)) {
        throw new EngineError(
          "unsupported",
          `the program requires a Pulumi version in the range "${range}"; the embedded engine speaks for ${version}`,
        );
      }
      return new pb.RequirePulumiVersionResponse();
    }),
  };
}
