import { containerPolicy } from "./container.js";

export interface ImagePinnedConfig {
  /** "digest": only `repo@sha256:...` will do. "tag": a tag other than `latest` will do too. */
  require: "digest" | "tag";
}

/**
 * An image must say which version it is, or the next replacement runs something else. Images with `pull: "never"` are
 * loaded on the hosts by hand and have no digest to name; a tag is enough for them.
 */
export const imagePinned = containerPolicy<ImagePinnedConfig>(
  {
    name: "clocker-image-pinned",
    description: "Container images name their version: a digest, or a tag other than latest.",
    enforcementLevel: "advisory",
    configSchema: { properties: { require: { enum: ["digest", "tag"], default: "tag" } } },
  },
  ({ image, pull }, { require: wanted = "tag" }) => {
    if (typeof image !== "string" || /@sha256:[0-9a-f]{64}$/.test(image)) return [];
    const tag = /:([\w][\w.-]*)$/.exec(image)?.[1];
    if (tag === undefined || tag === "latest") {
      return [`image ${image} does not say which version it is; write a tag or a digest`];
    }
    if (wanted === "digest" && pull !== "never") {
      return [`image ${image} is not pinned; write it with its digest, ${image}@sha256:...`];
    }
    return [];
  },
);
