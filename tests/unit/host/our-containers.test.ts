import { describe, expect, it } from "vitest";
import type { DockerClient } from "../../../provider/host/docker.js";
import { ourContainers } from "../../../provider/host/our-containers.js";

/** A daemon whose lists take a while and show what was there when they began. */
function daemon() {
  const there: string[] = [];
  let lists = 0;
  let fails = 0;
  const docker = {
    async listContainers() {
      lists += 1;
      const seen = there.map((Id) => ({ Id }));
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (fails-- > 0) throw new Error("deadline");
      return seen;
    },
  } as unknown as DockerClient;
  return { docker, there, count: () => lists, failNext: (times: number) => (fails = times) };
}

describe("lists of containers that many ask for at once", () => {
  it("are a few, and each caller sees what was there when it asked", async () => {
    const { docker, there, count } = daemon();
    const asked = Array.from({ length: 50 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index % 7));
      there.push(`c${index}`);
      const rows = await ourContainers(docker);
      return rows.some(({ Id }) => Id === `c${index}`);
    });
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 50 }, () => true));
    expect(count()).toBeLessThan(10);
  });

  it("fail for the one under whose deadline they ran, and not for those who shared them", async () => {
    const { docker, there, failNext } = daemon();
    there.push("c");
    failNext(2);
    const first = ourContainers(docker);
    const second = ourContainers(docker);
    await expect(first).rejects.toThrow("deadline");
    expect(await second).toEqual([{ Id: "c" }]);
  });
});
