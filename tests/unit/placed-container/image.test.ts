import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CloudError } from "../../../provider/errors.js";
import { dockerFor } from "../../../provider/host/docker.js";
import {
  digestOf,
  ensureImage,
  pullFailure,
} from "../../../provider/resources/placed-container/image.js";
import { FakeHosts, type FakeHost } from "../../support/fake-transport.js";

const failed = (text: string) =>
  new CloudError("docker", `Docker refused to pull image redis:7: ${text}`, { host: "h1" });

describe("what a failed pull means", () => {
  const cases: [string, string, boolean][] = [
    ["manifest for redis:7 not found: manifest unknown", "its registry has no such image", false],
    [
      "pull access denied for redis, repository does not exist or may require 'docker login'",
      "its registry refuses it, or has no such repository",
      false,
    ],
    [
      "unauthorized: authentication required",
      "its registry refuses it, or has no such repository",
      false,
    ],
    [
      "no matching manifest for linux/arm64 in the manifest list entries",
      "there is no such image for this host's architecture",
      false,
    ],
    [
      "toomanyrequests: You have reached your pull rate limit",
      "its registry allows no more pulls now (429)",
      true,
    ],
    [
      "received unexpected HTTP status: 503 Service Unavailable",
      "its registry cannot be reached from there: received unexpected HTTP status: 503 Service Unavailable",
      true,
    ],
    [
      "Get https://r/v2/: dial tcp: connection refused",
      "its registry cannot be reached from there: Get https://r/v2/: dial tcp: connection refused",
      true,
    ],
  ];
  it.each(cases)("%s", (text, what, passing) => {
    const failure = pullFailure(failed(text), "redis:7", "h1");
    expect((failure.error as Error).message.split("\n")[0]).toBe(
      `host h1: cannot pull redis:7: ${what}`,
    );
    expect(failure.passing).toBe(passing);
  });

  it("a host that cannot be reached is not the registry's matter", () => {
    const lost = new CloudError("unreachable", "connection refused", { host: "h1" });
    expect(pullFailure(lost, "redis:7", "h1")).toEqual({ error: lost, passing: false, why: "" });
  });
});

describe("patience", () => {
  let hosts: FakeHosts;
  let h1: FakeHost;
  beforeEach(async () => {
    hosts = await FakeHosts.install("h1");
    h1 = hosts.host("h1");
    h1.docker.registry.set("redis:7", { id: "sha256:77" });
  });
  afterEach(() => hosts.restore());

  const pullWith = async (failures: number, text: string) => {
    let left = failures;
    h1.docker.before = (line) => {
      if (line === "POST /images/create" && left-- > 0) throw new Error(text);
    };
    const waits: number[] = [];
    const lines: string[] = [];
    const outcome = await ensureImage(
      dockerFor(hosts.connection("h1")),
      { image: "redis:7", pull: "missing" },
      { onProgress: (line) => lines.push(line), pause: async (ms) => void waits.push(ms) },
    ).then(
      ({ imageId }) => imageId,
      (error: Error) => error.message.split("\n")[0],
    );
    return { outcome, waits, lines };
  };

  it("a busy registry is asked again, ever more slowly", async () => {
    const { outcome, waits, lines } = await pullWith(3, "toomanyrequests: slow down");
    expect(outcome).toBe("sha256:77");
    expect(waits).toEqual([1000, 2000, 4000]);
    expect(lines).toContain("pulling redis:7: the registry is busy, next try in 2 s");
  });

  it("but not for ever", async () => {
    const { outcome, waits } = await pullWith(99, "toomanyrequests: slow down");
    expect(outcome).toBe(
      "host h1: cannot pull redis:7: its registry allows no more pulls now (429)",
    );
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16000]);
  });

  it("replicas wait for one pull", async () => {
    const docker = dockerFor(hosts.connection("h1"));
    await Promise.all(
      [1, 2, 3].map(() => ensureImage(docker, { image: "redis:7", pull: "missing" })),
    );
    expect(h1.docker.requests.filter((line) => line === "POST /images/create")).toHaveLength(1);
  });
});

describe("the digest", () => {
  it.each([
    ["redis:7", ["redis@sha256:a"], "sha256:a"],
    ["r:5000/redis", ["mirror/redis@sha256:b", "r:5000/redis@sha256:a"], "sha256:a"],
    ["redis@sha256:a", ["redis@sha256:a"], "sha256:a"],
    ["local", [], ""],
  ])("of %s", (image, RepoDigests, expected) =>
    expect(digestOf({ RepoDigests }, image)).toBe(expected),
  );
});
