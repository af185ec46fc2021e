import type { HookBinding } from "../callbacks/hooks.js";
import type { CustomTimeouts, PropertyMap, ResourceState } from "../state/model.js";

/** An alias as the program gave it: a whole URN, or what differs from the resource's own name, type, stack, project, parent. */
export type Alias =
  | { urn: string }
  | {
      name?: string;
      type?: string;
      stack?: string;
      project?: string;
      parentUrn?: string;
      noParent?: boolean;
    };

/** What the program wants of one resource. */
export interface Goal {
  type: string;
  name: string;
  custom: boolean;
  inputs: PropertyMap;
  /** "" for none. */
  parent: string;
  protect?: boolean;
  dependencies: string[];
  /** `<urn>::<id>`; "" for components and providers. */
  provider: string;
  propertyDependencies: Record<string, string[]>;
  deleteBeforeReplace?: boolean;
  ignoreChanges: string[];
  additionalSecretOutputs: string[];
  aliases: Alias[];
  /** The id to import, or "". */
  importId: string;
  customTimeouts: CustomTimeouts;
  replaceOnChanges: string[];
  replacementTrigger?: unknown;
  retainOnDelete?: boolean;
  deletedWith: string;
  replaceWith: string[];
  hideDiff: string[];
  resourceHooks?: HookBinding;
  sourcePosition?: string;
  stackTrace?: { sourcePosition?: string }[];
}

/** What the program wants to read without owning it. */
export interface ReadGoal {
  type: string;
  name: string;
  id: string;
  parent: string;
  inputs: PropertyMap;
  dependencies: string[];
  provider: string;
  additionalSecretOutputs: string[];
  sourcePosition?: string;
  stackTrace?: { sourcePosition?: string }[];
}

export interface RegisterResult {
  state: ResourceState;
  result: "success" | "fail" | "skip";
  /** Nothing is known of its outputs, because it was not created. */
  unknown?: boolean;
}

/** Answers the program once; further answers are ignored. */
export interface Registration {
  done(result: RegisterResult): void;
}
