/**
 * The engine's state in memory. Property values are in wire form: plain JSON in which special values are maps with
 * the signature key (see engine/values). Secrets are plaintext here, `{[sig]: secret, value}`; they are sealed when written.
 */
export type PropertyMap = Record<string, unknown>;

/** Seconds; what is left out is the provider's business. */
export interface CustomTimeouts {
  create?: number;
  update?: number;
  delete?: number;
  /** By a refresh, and when it is imported. */
  read?: number;
}

export interface ResourceState {
  urn: string;
  custom: boolean;
  type: string;
  /** Replaced already; to be deleted. */
  delete?: boolean;
  id?: string;
  inputs?: PropertyMap;
  outputs?: PropertyMap;
  parent?: string;
  protect?: boolean;
  taint?: boolean;
  external?: boolean;
  dependencies?: string[];
  initErrors?: string[];
  /** `<provider urn>::<provider id>` */
  provider?: string;
  propertyDependencies?: Record<string, string[]>;
  pendingReplacement?: boolean;
  additionalSecretOutputs?: string[];
  aliases?: string[];
  customTimeouts?: CustomTimeouts;
  importID?: string;
  retainOnDelete?: boolean;
  deletedWith?: string;
  replaceWith?: string[];
  created?: string;
  modified?: string;
  sourcePosition?: string;
  stackTrace?: { sourcePosition?: string }[];
  ignoreChanges?: string[];
  hideDiff?: string[];
  replaceOnChanges?: string[];
  replacementTrigger?: unknown;
  refreshBeforeUpdate?: boolean;
  viewOf?: string;
  resourceHooks?: Record<string, string[]>;
  extensionRef?: string;
  snippetID?: string;
  /** Fields this version does not know; written back untouched. */
  unknownFields?: Record<string, unknown>;
}

export type PendingOperationType = "creating" | "updating" | "deleting" | "reading" | "importing";

export interface PendingOperation {
  resource: ResourceState;
  type: PendingOperationType;
  /** Written back as they were read. */
  unknownFields?: Record<string, unknown>;
}

export interface Snapshot {
  manifest: { time: string; magic: string; version: string };
  resources: ResourceState[];
  pendingOperations: PendingOperation[];
  metadata: Record<string, unknown>;
}
