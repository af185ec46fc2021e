import { defineConfig } from "vitest/config";

const NETWORKS = "tests/lab/network*.test.ts";

/** Each file has labs of its own, and mostly waits: for one host, one command, one moment at a time. */
const LABS_AT_ONCE = 2;

// Projects by what they need: `unit` runs anywhere, `engine` starts processes, `lab` and `network` need root
// and Docker's packages.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          sequence: { groupOrder: 0 },
          include: ["tests/unit/**/*.test.ts", "tests/property/**/*.test.ts"],
          setupFiles: ["tests/support/property-seed.ts"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "engine",
          sequence: { groupOrder: 1 },
          include: ["tests/engine/**/*.test.ts"],
          setupFiles: ["tests/engine/support/launcher.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "lab",
          sequence: { groupOrder: 2 },
          include: [
            "tests/lab/**/*.test.ts",
            "tests/faults/**/*.test.ts",
            "tests/e2e/**/*.test.ts",
          ],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          exclude: [NETWORKS],
          maxWorkers: LABS_AT_ONCE,
        },
      },
      {
        test: {
          name: "network",
          sequence: { groupOrder: 3 },
          include: [NETWORKS],
          globalSetup: ["tests/support/docker-28-setup.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: LABS_AT_ONCE,
        },
      },
    ],
  },
});
