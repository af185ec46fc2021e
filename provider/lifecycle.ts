/** A value of the user's that is wrong. `property` is a top-level key of the inputs, or "". */
export interface CheckFailure {
  property: string;
  reason: string;
}

export interface CheckResult<Inputs> {
  inputs?: Inputs;
  failures?: CheckFailure[];
}

export interface DiffResult {
  /** Absent means: let the engine compare the inputs (better preview); see provider/README.md. */
  changes?: boolean;
  replaces?: string[];
  deleteBeforeReplace?: boolean;
}

export interface CreateResult<State> {
  id: string;
  outs: State;
}

export interface ReadResult<Inputs, State> {
  /** Absent or blank: the object is positively gone. Unreachable must throw instead. */
  id?: string;
  props?: State;
  /** The inputs that would produce what was seen, so that drift shows in the next preview. */
  inputs?: Inputs;
}

/**
 * The six verbs of a resource, as Pulumi's dynamic-provider server calls them. `check` and `diff` see unknowns
 * (see unknown.ts); the others never do. State of any released version may arrive as `olds`.
 */
export interface Lifecycle<Inputs, State extends Inputs> {
  check(olds: Partial<Inputs>, news: Inputs): Promise<CheckResult<Inputs>>;
  diff(id: string, olds: State, news: Inputs): Promise<DiffResult>;
  create(inputs: Inputs): Promise<CreateResult<State>>;
  read(id: string, state: State): Promise<ReadResult<Inputs, State>>;
  update(id: string, olds: State, news: Inputs): Promise<{ outs: State }>;
  delete(id: string, state: State): Promise<void>;
}

/** Who owns an object on a host. Made by the SDK, since the provider never learns a URN. */
export interface Meta {
  project: string;
  stack: string;
  /** The resource's logical name. */
  name: string;
  /** For progress rows only; changes with renames, so `diff` ignores the whole of Meta but the owner. */
  urn: string;
  /** `customTimeouts` of the resource in seconds; enforced by the handlers. */
  timeouts?: { create?: number; update?: number; delete?: number };
}
