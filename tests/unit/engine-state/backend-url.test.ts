import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileRoot, findBackendUrl } from "../../../engine/backend/url.js";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "engine-home-"));
});
afterEach(() => rm(home, { recursive: true }));

describe("the folder of a file:// URL", () => {
  it.each([
    ["file://~", "/home/ann"],
    ["file://~/state", "/home/ann/state"],
    ["file:///srv/state", "/srv/state"],
    ["file:///srv/state?no_tmp_dir=true", "/srv/state"],
    ["file://./state", join(process.cwd(), "state")],
    ["file://state", join(process.cwd(), "state")],
    ["file://", process.cwd()],
  ])("of %s is %s", (url, folder) => {
    expect(fileRoot(url, { HOME: "/home/ann" })).toBe(folder);
  });

  it.each([
    ["https://api.pulumi.com", "https://api.pulumi.com"],
    ["s3://bucket/x", "s3://bucket/x"],
    ["postgres://ann:hunter2@db/x", "postgres://****@db/x"],
  ])("is refused for %s, naming the CLI and no password", (url, shown) => {
    expect(() => fileRoot(url)).toThrow(
      `the backend ${shown} can only be used by the pulumi CLI: run this operation with pulumi, or use a file:// backend.`,
    );
  });
});

describe("the backend", () => {
  const env = (more: Record<string, string> = {}) => ({ PULUMI_HOME: home, ...more });

  it("is the one said, the environment's, the project's, the login's, else the home folder", async () => {
    expect(await findBackendUrl({ env: env() })).toBe("file://~");
    await writeFile(join(home, "credentials.json"), '{"current":"file:///login"}');
    expect(await findBackendUrl({ env: env() })).toBe("file:///login");
    const projectUrl = "file:///project";
    expect(await findBackendUrl({ env: env(), projectUrl })).toBe(projectUrl);
    const set = env({ PULUMI_BACKEND_URL: "file:///env" });
    expect(await findBackendUrl({ env: set, projectUrl })).toBe("file:///env");
    expect(await findBackendUrl({ env: set, projectUrl, url: "file:///said" })).toBe(
      "file:///said",
    );
  });

  it("says so when the login cannot be read", async () => {
    await writeFile(join(home, "credentials.json"), "{");
    await expect(findBackendUrl({ env: env() })).rejects.toThrow(
      `${join(home, "credentials.json")} is not JSON\nSet PULUMI_BACKEND_URL, or log in again.`,
    );
  });
});
