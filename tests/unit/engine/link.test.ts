import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import type { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { redirect } from "../../../engine/hosts/sdk-link.js";
import { Link } from "../../../engine/link/link.js";
import { clientOverLink, type Definitions, serveOverLink } from "../../../engine/link/services.js";
import { providerError } from "../../../engine/providers/plugin-errors.js";
import type { ProviderError } from "../../../engine/providers/provider.js";

/** Both ends of a pipe, as the engine and its child have them. */
async function pipe(): Promise<[Socket, Socket]> {
  const path = join(tmpdir(), `link-${randomBytes(6).toString("hex")}.sock`);
  const server = createServer().listen(path);
  await once(server, "listening");
  const near = connect(path);
  const [far] = (await once(server, "connection")) as [Socket];
  server.close();
  return [near, far];
}

const definitions = ResourceProviderService as unknown as Definitions;
const client = (link: Link) => clientOverLink<ResourceProviderClient>(link, grpc, definitions);

describe("calls over a link", () => {
  let near: Link;
  let far: Link;
  let sockets: [Socket, Socket];
  beforeEach(async () => {
    sockets = await pipe();
    near = new Link(sockets[0]);
    far = new Link(sockets[1]);
  });
  afterEach(() => {
    near.close();
    far.close();
  });

  const check = (link: Link, urn: string) =>
    new Promise<pb.CheckResponse>((resolve, reject) =>
      client(link).check(new pb.CheckRequest().setUrn(urn), (error, response) =>
        error ? reject(error) : resolve(response),
      ),
    );

  it("answers many at once in both directions, each its own", async () => {
    const answering = (who: string) => ({
      check: (
        { request }: { request: pb.CheckRequest },
        done: (error: null, response: pb.CheckResponse) => void,
      ) => {
        const failure = new pb.CheckFailure().setReason(`${who} ${request.getUrn()}`);
        setTimeout(
          () => done(null, new pb.CheckResponse().setFailuresList([failure])),
          Math.random() * 5,
        );
      },
    });
    serveOverLink(near, definitions, answering("near"));
    serveOverLink(far, definitions, answering("far"));
    const urns = Array.from({ length: 200 }, (_, index) => `urn-${index}`);
    const asked = async (link: Link) =>
      (await Promise.all(urns.map((urn) => check(link, urn)))).map((answer) =>
        answer.getFailuresList()[0]!.getReason(),
      );
    const [fromFar, fromNear] = await Promise.all([asked(near), asked(far)]);
    expect(fromFar).toEqual(urns.map((urn) => `far ${urn}`));
    expect(fromNear).toEqual(urns.map((urn) => `near ${urn}`));
  });

  it("carries messages larger than any piece of the pipe", async () => {
    const size = 5_000_000;
    serveOverLink(far, definitions, {
      check: (
        { request }: { request: pb.CheckRequest },
        done: (error: null, response: pb.CheckResponse) => void,
      ) =>
        done(
          null,
          new pb.CheckResponse().setFailuresList([
            new pb.CheckFailure().setReason(request.getUrn()),
          ]),
        ),
    });
    const long = randomBytes(size / 2).toString("hex");
    expect((await check(near, long)).getFailuresList()[0]!.getReason()).toBe(long);
  });

  it("gives failures as gRPC does, with their details", async () => {
    const more = Buffer.from([0, 1, 254, 255]);
    serveOverLink(far, definitions, {
      check: (_: unknown, done: (error: object) => void) => {
        const metadata = new grpc.Metadata();
        metadata.add("grpc-status-details-bin", more);
        done({ code: grpc.status.UNKNOWN, details: "no host for web", metadata });
      },
    });
    const error = (await check(near, "urn").catch((cause: unknown) => cause)) as grpc.ServiceError;
    expect(error).toMatchObject({ code: grpc.status.UNKNOWN, details: "no host for web" });
    expect(error.message).toBe("2 UNKNOWN: no host for web");
    expect(error.metadata.get("grpc-status-details-bin")).toEqual([more]);
  });

  it("takes an error with a code of its own, which is none of gRPC's, for an unknown one", async () => {
    const error = Object.assign(new Error("host h1: cannot be reached"), { code: "unreachable" });
    serveOverLink(far, definitions, {
      check: (_call: unknown, done: (error: unknown) => void) => done(error),
    });
    await expect(check(near, "urn")).rejects.toMatchObject({
      code: grpc.status.UNKNOWN,
      details: "host h1: cannot be reached",
      message: "2 UNKNOWN: host h1: cannot be reached",
    });
  });

  it("says of what the other side does not know that it is not implemented", async () => {
    await expect(check(near, "urn")).rejects.toMatchObject({ code: grpc.status.UNIMPLEMENTED });
  });

  it("tells that the other side takes calls", async () => {
    expect(near.peerServes).toBe(false);
    far.announce();
    await expect.poll(() => near.peerServes).toBe(true);
  });

  it("ends what waits when the other side goes away, as a provider that was cut off", async () => {
    serveOverLink(far, definitions, { check: () => undefined });
    const waiting = check(near, "urn").catch((cause: unknown) => cause);
    await new Promise((resolve) => setTimeout(resolve, 20));
    sockets[1].destroy();
    const error: ProviderError = providerError(await waiting, true);
    expect(error.cutOff).toBe(true);
    expect(error.message).toContain("the provider's process ended in the midst of it");
    const after: ProviderError = providerError(
      await check(near, "urn").catch((cause: unknown) => cause),
      true,
    );
    expect(after.cutOff).toBe(false);
    expect(after.message).toBe("No connection established");
  });

  it("fails a call whose handler throws, and goes on with the next", async () => {
    serveOverLink(far, definitions, {
      check: (
        { request }: { request: pb.CheckRequest },
        done: (error: null, response: pb.CheckResponse) => void,
      ) => {
        if (request.getUrn() === "bad") throw new Error("no such thing");
        done(null, new pb.CheckResponse());
      },
    });
    const [bad, good] = await Promise.allSettled([check(near, "bad"), check(near, "good")]);
    expect(bad).toMatchObject({
      reason: { code: grpc.status.UNKNOWN, details: "no such thing" },
    });
    expect(good.status).toBe("fulfilled");
  });

  it("is not stopped by both sides sending more than the pipe holds", async () => {
    const echo = {
      check: (
        { request }: { request: pb.CheckRequest },
        done: (error: null, response: pb.CheckResponse) => void,
      ) =>
        done(
          null,
          new pb.CheckResponse().setFailuresList([
            new pb.CheckFailure().setReason(request.getUrn()),
          ]),
        ),
    };
    serveOverLink(near, definitions, echo);
    serveOverLink(far, definitions, echo);
    const long = "x".repeat(500_000);
    const calls = Array.from({ length: 20 }, (_, index) =>
      check(index % 2 ? near : far, `${index} ${long}`),
    );
    const answers = await Promise.all(calls);
    expect(answers.map((answer) => answer.getFailuresList()[0]!.getReason())).toEqual(
      calls.map((_, index) => `${index} ${long}`),
    );
  });

  it.each([
    ["a kind of message that there is not", Buffer.from([6, 0, 0, 0, 9, 0, 0, 0, 0, 0])],
    ["text", Buffer.from("hello from a program that writes to descriptor 3\n")],
  ])("ends with what it read when it reads %s", async (_, bytes) => {
    const waiting = check(near, "urn");
    sockets[1].write(bytes);
    await expect(waiting).rejects.toMatchObject({
      code: grpc.status.UNAVAILABLE,
      details:
        "Connection dropped: something else than the engine and its child writes to their pipe",
    });
  });

  it("answers a program where it asked", async () => {
    serveOverLink(far, definitions, {
      check: (_: unknown, done: (error: null, response: pb.CheckResponse) => void) =>
        done(null, new pb.CheckResponse()),
    });
    const overGrpc = () => {
      throw new Error("the call went to gRPC");
    };
    const prototype = { check: overGrpc, getChannel: () => ({ getTarget: () => "dns:host:1" }) };
    redirect(near, grpc, "host:1", { service: definitions, prototype });
    const program = prototype as unknown as ResourceProviderClient;
    const place = new AsyncLocalStorage<string>();
    const asked = (name: string) =>
      place.run(
        name,
        () =>
          new Promise((resolve) =>
            program.check(new pb.CheckRequest(), () => resolve(place.getStore())),
          ),
      );
    expect(await Promise.all([asked("here"), asked("there")])).toEqual(["here", "there"]);
  });
});
