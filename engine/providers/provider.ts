import type { PropertyMap } from "../state/model.js";
import type { DetailedDiff } from "../values/diff.js";
import type { StepStatus } from "../steps/step.js";

/** A provider as the engine sees it: plugins, the builtin one, and the registry itself (for provider resources). */
export interface Provider {
  /** It is called over the engine's own pipe: dynamic providers are. */
  readonly isLinked?: boolean;
  check(request: CheckRequest): Promise<CheckResult>;
  diff(request: DiffRequest): Promise<DiffResult>;
  create(request: CreateRequest): Promise<CreateResult>;
  update(request: UpdateRequest): Promise<UpdateResult>;
  delete(request: DeleteRequest): Promise<void>;
  read(request: ReadRequest): Promise<ReadResult>;
  invoke(request: InvokeRequest): Promise<InvokeResult>;
}

/** What a provider has to say before anything is done. */
export type Judge = Pick<Provider, "check" | "diff">;

export interface CheckRequest {
  urn: string;
  /** undefined when there is no resource whose memory counts. */
  olds: PropertyMap | undefined;
  news: PropertyMap;
  allowUnknowns: boolean;
  randomSeed: Uint8Array;
}

export interface CheckResult {
  inputs: PropertyMap;
  failures: { property: string; reason: string }[];
}

export interface DiffRequest {
  urn: string;
  id: string;
  oldInputs: PropertyMap;
  oldOutputs: PropertyMap;
  newInputs: PropertyMap;
  allowUnknowns: boolean;
  ignoreChanges: string[];
}

export interface DiffResult {
  changes: "none" | "some" | "unknown";
  replaceKeys: string[];
  changedKeys: string[];
  detailedDiff?: DetailedDiff;
  deleteBeforeReplace: boolean;
  /** Set when the provider could not be asked: what to tell the user. */
  unavailable?: string;
}

/** The resource exists, but is not well. */
export interface PartialFailure {
  message: string;
  reasons: string[];
}

export interface CreateRequest {
  urn: string;
  inputs: PropertyMap;
  timeout: number;
  preview: boolean;
}

export interface CreateResult {
  /** "" when unknown, in preview. */
  id: string;
  outputs: PropertyMap;
  partial?: PartialFailure;
}

export interface UpdateRequest {
  urn: string;
  id: string;
  oldInputs: PropertyMap;
  oldOutputs: PropertyMap;
  newInputs: PropertyMap;
  timeout: number;
  ignoreChanges: string[];
  preview: boolean;
}

export interface UpdateResult {
  outputs: PropertyMap;
  partial?: PartialFailure;
}

export interface DeleteRequest {
  urn: string;
  id: string;
  inputs: PropertyMap;
  outputs: PropertyMap;
  timeout: number;
}

export interface ReadRequest {
  urn: string;
  id: string;
  inputs: PropertyMap | undefined;
  state: PropertyMap | undefined;
  /** Seconds; 0 leaves it to the provider. */
  timeout: number;
}

export interface ReadResult {
  /** "" when it is gone. */
  id: string;
  outputs: PropertyMap | undefined;
  inputs: PropertyMap | undefined;
  partial?: PartialFailure;
}

export interface InvokeRequest {
  token: string;
  args: PropertyMap;
  preview: boolean;
}

export interface InvokeResult {
  value: PropertyMap;
  failures: { property: string; reason: string }[];
}

/**
 * A provider's call failed. `unknown`: the resource may have changed all the same. `cutOff`: the provider was gone before
 * it could answer, so nobody knows how far it came.
 */
export class ProviderError extends Error {
  readonly status: StepStatus;
  readonly cutOff: boolean;

  constructor(message: string, status: StepStatus, cutOff = false) {
    super(message);
    this.name = "ProviderError";
    this.status = status;
    this.cutOff = cutOff;
  }
}

export const NO_DIFF: DiffResult = {
  changes: "none",
  replaceKeys: [],
  changedKeys: [],
  deleteBeforeReplace: false,
};

/** True if the answer asks for a replacement. */
export function asksReplace(diff: DiffResult): boolean {
  if (diff.replaceKeys.length > 0) return true;
  return Object.values(diff.detailedDiff ?? {}).some(({ diffKind }) =>
    diffKind.endsWith("-replace"),
  );
}
