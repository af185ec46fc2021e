import type { FileStackStore } from "../backend/file-store.js";
import type { ResourceState } from "../state/model.js";
import { SIGNATURE_KEY, SIGNATURES } from "../values/signatures.js";

const ROOT_TYPE = "pulumi:pulumi:Stack";

/** One output, as plain data. */
export interface StackOutput {
  value: unknown;
  /** It is a secret, or holds one. */
  secret: boolean;
}

/** The outputs of the last update. Secrets read `[secret]` and need no passphrase, unless they are to be shown. */
export async function stackOutputs(
  store: FileStackStore,
  options: { showSecrets?: boolean } = {},
): Promise<Record<string, StackOutput>> {
  let resources: Pick<ResourceState, "type" | "parent" | "outputs">[];
  if (options.showSecrets) {
    resources = (await store.load())?.resources ?? [];
  } else {
    const deployment = (await store.loadSealed())?.deployment;
    resources = (deployment?.resources ?? []) as ResourceState[];
  }
  const root = resources.find(({ type, parent }) => type === ROOT_TYPE && !parent);
  return Object.fromEntries(
    Object.entries(root?.outputs ?? {}).map(([name, value]) => [
      name,
      plainOutput(value, options.showSecrets === true),
    ]),
  );
}

/** A value in wire form, or as it stands in a file, for people: secrets opened or masked. */
export function plainOutput(value: unknown, showSecrets: boolean): StackOutput {
  let secret = false;
  const plain = (inner: unknown): unknown => {
    if (inner === null || typeof inner !== "object") return inner;
    if (Array.isArray(inner)) return inner.map(plain);
    const fields = inner as Record<string, unknown>;
    if (fields[SIGNATURE_KEY] === SIGNATURES.secret) {
      secret = true;
      return showSecrets ? plain(fields.value) : "[secret]";
    }
    return Object.fromEntries(Object.entries(fields).map(([key, item]) => [key, plain(item)]));
  };
  return { value: plain(value), secret };
}
