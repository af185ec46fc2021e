import { resolve } from "node:path";

const folder = (name: string): string => resolve(__dirname, "../../.clocker", name);

// What is kept for later runs. It may be removed at any time between them.

/** Built images. */
export const IMAGE_CACHE = folder("images");

/** Programs of a Docker 28 (see docker-28.ts). */
export const DOCKER_28_CACHE = folder("docker-28");
