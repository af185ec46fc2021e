import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Snapshot } from "./model.js";

const require_ = createRequire(__filename);

let version: string | undefined;

/** The version a state names as its writer: that of the Pulumi SDK whose protocol this engine speaks. */
export function engineVersion(): string {
  if (version === undefined) {
    const file = require_.resolve("@pulumi/pulumi/package.json");
    const text = readFileSync(file, "utf8");
    version = `v${(JSON.parse(text) as { version: string }).version}`;
  }
  return version;
}

/** The CLI refuses a manifest whose magic is not this. */
export function magicOf(writer: string): string {
  return writer === "" ? "" : createHash("sha256").update(writer).digest("hex");
}

/** A manifest for a state written now. */
export function newManifest(now: Date = new Date()): Snapshot["manifest"] {
  const writer = engineVersion();
  return { time: now.toISOString(), magic: magicOf(writer), version: writer };
}

/** The state of a stack that has never been updated. */
export function emptySnapshot(): Snapshot {
  return { manifest: newManifest(), resources: [], pendingOperations: [], metadata: {} };
}
