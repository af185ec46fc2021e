/** Signatures that occur only in files (pulumi/pulumi pkg/resource/stack/deployment.go, sdk/go/common/resource/sig). */
export const FLOAT_SIGNATURE = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c";
export const BYTE_STRING_SIGNATURE = "803fd3297a5875dc03ca845dda5d2a98";

/** What a deployment of version 4 may name as used. A state that names anything else is refused. */
export const FEATURES = {
  refreshBeforeUpdate: "refreshBeforeUpdate",
  views: "views",
  hooks: "hooks",
  taint: "taint",
  replaceWith: "replaceWith",
  snippets: "snippets-prototype",
  extensions: "extensionParameterization",
  byteString: "byteString",
} as const;

export const KNOWN_FEATURES: ReadonlySet<string> = new Set(Object.values(FEATURES));

/** Version without features, version with features, oldest version read. */
export const VERSION_PLAIN = 3;
export const VERSION_FEATURES = 4;

/** JSON with sorted keys: one text for one value, so that an unchanged secret is recognised. */
export function stableStringify(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    const entries = Object.entries(inner);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}
