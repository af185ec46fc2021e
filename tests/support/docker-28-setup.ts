import type { TestProject } from "vitest/node";
import { labObstacles } from "../../lab/index.js";
import { docker28, type Docker28 } from "./docker-28.js";

declare module "vitest" {
  interface ProvidedContext {
    docker28: Docker28;
  }
}

/** Once for all test files of a project, so that no two of them fetch it. */
export default async function setup(project: TestProject): Promise<void> {
  const obstacles = labObstacles();
  project.provide("docker28", obstacles[0] ? { reason: obstacles[0] } : await docker28());
}
