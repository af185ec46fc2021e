import type { Readable } from "node:stream";
import { CloudError } from "../errors.js";
import { redact } from "../redact.js";
import type { CallOptions } from "./docker-calls.js";
import type { DockerCall } from "./docker-http.js";
import { VolumeCalls } from "./docker-networks.js";
import { JsonLines } from "./docker-stream.js";
import type { ImageInspect, ImageSummary, ProgressLine } from "./docker-types.js";

/** A daemon's images. */
export abstract class ImageCalls extends VolumeCalls {
  async listImages(
    filters: Record<string, string[]> = {},
    options: CallOptions = {},
  ): Promise<ImageSummary[]> {
    return this.get("/images/json", "list images", options, { filters });
  }

  async inspectImage(reference: string, options: CallOptions = {}): Promise<ImageInspect> {
    return this.get(`/images/${imagePath(reference)}/json`, `inspect image ${reference}`, options);
  }

  /** Pulls; `timeoutMs` is the longest silence, not the whole time. */
  async pullImage(
    reference: string,
    options: CallOptions & {
      onProgress?: (line: ProgressLine) => void;
      auth?: object;
      platform?: string;
    } = {},
  ): Promise<void> {
    const { onProgress, auth, platform, ...rest } = options;
    const [fromImage, tag] = splitReference(reference);
    const headers = auth
      ? { "X-Registry-Auth": Buffer.from(JSON.stringify(auth)).toString("base64url") }
      : undefined;
    await this.progressing(
      {
        method: "POST",
        path: "/images/create",
        what: `pull image ${reference}`,
        query: { fromImage, tag, platform },
        ...(headers ? { headers } : {}),
        timeoutMs: 120_000,
        ...rest,
      },
      onProgress,
    );
  }

  /** Loads an archive made by `docker save` (also gzipped). */
  async loadImage(
    tar: Buffer | Readable,
    options: CallOptions & { onProgress?: (line: ProgressLine) => void } = {},
  ): Promise<void> {
    const { onProgress, ...rest } = options;
    await this.progressing(
      {
        method: "POST",
        path: "/images/load",
        what: "load an image",
        query: { quiet: false },
        data: tar,
        timeoutMs: 300_000,
        ...rest,
      },
      onProgress,
    );
  }

  private async progressing(
    call: DockerCall,
    onProgress: ((line: ProgressLine) => void) | undefined,
  ) {
    let failed: string | undefined;
    const lines = new JsonLines((line) => {
      failed ??= line.errorDetail?.message ?? line.error;
      onProgress?.(line);
    });
    await this.http.stream(call, (chunk) => lines.push(chunk));
    lines.end();
    if (failed !== undefined)
      throw new CloudError("docker", `Docker refused to ${call.what}: ${redact(failed)}`, {
        host: this.transport.connection.name,
      });
  }
}

/** Image references keep their slashes and colons. */
function imagePath(reference: string): string {
  return reference
    .split("/")
    .map(encodeURIComponent)
    .join("/")
    .replaceAll("%3A", ":")
    .replaceAll("%40", "@");
}

/** `registry:5000/a/b:tag` -> name and tag; a digest is a tag to the pull endpoint; no tag means latest. */
export function splitReference(reference: string): [string, string] {
  const at = reference.indexOf("@");
  if (at >= 0) return [reference.slice(0, at), reference.slice(at + 1)];
  const colon = reference.lastIndexOf(":");
  if (colon > reference.lastIndexOf("/"))
    return [reference.slice(0, colon), reference.slice(colon + 1)];
  return [reference, "latest"];
}
