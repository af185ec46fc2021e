import { createHash } from "node:crypto";
import type { ContainerCreateBody } from "../../../provider/host/docker-types.js";
import { Refusal, type Answer, type Call } from "./protocol.js";

/** What a fake image does when it runs. */
export interface FakeImage {
  id: string;
  digest?: string;
  architecture?: string;
  /** The container ends at once with this code. */
  exits?: number;
  /** What its health check says; absent: "healthy" when there is a health check. */
  health?: "starting" | "healthy" | "unhealthy";
  log?: string;
  config?: Partial<ContainerCreateBody>;
}

/** The images of one daemon, and what it can pull. */
export class FakeImages {
  /** By reference with a tag. */
  readonly present = new Map<string, FakeImage>();
  readonly registry = new Map<string, FakeImage>();

  add(reference: string, image: Partial<FakeImage> = {}): FakeImage {
    const full = { id: `sha256:${createHash("sha256").update(reference).digest("hex")}`, ...image };
    this.present.set(withTag(reference), full);
    return full;
  }

  /** By tag, id or digest. */
  of(reference: string): FakeImage | undefined {
    return (
      this.present.get(withTag(reference)) ??
      [...this.present.values()].find(
        ({ id, digest }) =>
          id === reference || (digest !== undefined && digest === reference.split("@")[1]),
      )
    );
  }

  answer(call: Call): Answer {
    const { method, query, data } = call;
    const parts = call.path.slice(1);
    const action = parts.at(-1);
    if (method === "GET" && parts.length === 1 && action === "json")
      return [...this.present].map(([tag, image]) => this.describe(tag, image));
    if (method === "GET" && action === "json") {
      const reference = parts.slice(0, -1).join("/");
      const image = this.of(reference);
      if (!image) throw new Refusal(404, `No such image: ${withTag(reference)}`);
      return this.describe(withTag(reference), image);
    }
    if (action === "create")
      return this.pull(query.get("fromImage") ?? "", query.get("tag") ?? "latest");
    if (action === "load") {
      const tags = [...data.toString("latin1").matchAll(/"RepoTags":\["([^"]+)"\]/g)].map(
        (match) => match[1] ?? "",
      );
      for (const tag of tags) this.add(tag);
      return JSON.stringify({ stream: `Loaded image: ${tags.join(", ")}\n` });
    }
    throw new Refusal(404, "page not found");
  }

  private pull(name: string, tag: string): Answer {
    const reference = tag.startsWith("sha256:") ? `${name}@${tag}` : `${name}:${tag}`;
    const image = this.registry.get(reference);
    if (!image)
      throw new Refusal(
        404,
        `pull access denied for ${name}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
      );
    this.present.set(reference, image);
    return [
      { status: `Pulling from ${name}`, id: tag },
      { status: "Downloading", id: "layer", progressDetail: { current: 50, total: 100 } },
      { status: `Status: Downloaded newer image for ${reference}` },
    ]
      .map((line) => JSON.stringify(line))
      .join("\r\n");
  }

  private describe(tag: string, image: FakeImage): object {
    return {
      Id: image.id,
      RepoTags: [tag],
      RepoDigests: image.digest ? [`${tag.slice(0, tag.lastIndexOf(":"))}@${image.digest}`] : [],
      Architecture: image.architecture ?? "amd64",
      Os: "linux",
      Size: 1000,
      Config: image.config ?? {},
    };
  }
}

export function withTag(reference: string): string {
  if (reference.includes("@") || reference.startsWith("sha256:")) return reference;
  return reference.lastIndexOf(":") > reference.lastIndexOf("/")
    ? reference
    : `${reference}:latest`;
}
