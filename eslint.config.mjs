// Lint keeps the layers of docs/architecture.md: arrows point down only.
import tseslint from "typescript-eslint";

/** Files under `from` may not import what `patterns` match. */
const layer = (files, patterns, message, ignores = []) => ({
  files,
  ignores,
  rules: { "no-restricted-imports": ["error", { patterns: [{ group: patterns, message }] }] },
});

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", ".tools/**", ".clocker/**", "**/*.mjs", "**/*.js"] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: "./tsconfig.test.json", tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      "no-console": "off",
    },
  },
  layer(
    ["provider/placement/**", "provider/ipam/**"],
    [
      "ssh2",
      "dockerode",
      "@pulumi/*",
      "node:fs*",
      "node:net",
      "node:child_process",
      "**/host/**",
      "**/network/**",
      "**/resources/**",
    ],
    "placement and address planning are pure: no effects, no SSH, no Docker, no Pulumi",
  ),
  layer(
    ["provider/**"],
    ["**/sdk/**", "**/engine/**", "**/cli/**", "**/lab/**"],
    "provider imports nothing above it",
    ["provider/placement/**", "provider/ipam/**"],
  ),
  layer(
    ["engine/**"],
    ["**/sdk/**", "**/provider/**", "**/cli/**", "**/lab/**", "dockerode", "ssh2"],
    "the engine knows nothing of ours and nothing of Docker",
  ),
  layer(
    ["sdk/**"],
    ["**/engine/**", "**/cli/**", "**/lab/**", "ssh2", "dockerode"],
    "sdk runs in the user's program: no SSH, no Docker",
  ),
  layer(
    ["lab/**"],
    ["**/sdk/**", "**/engine/**", "**/cli/**"],
    "the lab may use provider/host only",
  ),
);
