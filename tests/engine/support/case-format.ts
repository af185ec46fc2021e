import type { PropertyMap, ResourceState } from "../../../engine/state/model.js";

/** The form of the files in tests/engine/cases: see the README there. */
export interface CaseFile {
  format: 2;
  project: string;
  stack: string;
  topic: string;
  recordedWith: { cli: string; sdk: string };
  cases: Case[];
}

export interface Case {
  name: string;
  /** The rule the case is about, in a sentence. */
  why: string;
  /** What the embedded engine does otherwise, on purpose: the reason, and what then holds instead of the recording. */
  deviation?: { because: string; expected: Record<string, Partial<Outcome>> };
  steps: Step[];
}

export type Command = "up" | "preview" | "refresh" | "destroy";

export interface Step {
  command: Command;
  /** As for the CLI; `@a` stands for the URN of the resource a of the default type. */
  flags?: string[];
  /** What the program registers. Left out: what the step before registered. */
  spec?: SpecEntry[];
  /** What reads will see: id -> properties over what is known, or null for gone. Stays for the steps that follow. */
  cloud?: Record<string, PropertyMap | null>;
  /** What the provider does on a call, such as `create a` or `diff *`. For this step only. */
  rules?: Record<string, PropertyMap>;
  /** What the provider says it can do. Stays for the steps that follow. */
  provider?: PropertyMap;
  /** Ctrl-C, as soon as this line is in the provider's log; `interrupted` follows in it. */
  interrupt?: string;
  /** Values of the stack's configuration, by key with namespace. */
  config?: Record<string, { value: string; secret?: boolean }>;
  /** Changes made to the state before the step: by name, fields to set (null: the field or the resource is removed); operations left pending. */
  edit?: {
    resources?: Record<string, Partial<ResourceState> | null>;
    pending?: [string, string][];
  };
  expected?: Outcome;
}

/** One thing the program does. Exactly one of the words says what; none: it registers a resource. */
export interface SpecEntry {
  name?: string;
  /** A type of its own; default: `tp:index:R`, for components `my:m:C`, for providers the package `tp`. */
  type?: string;
  component?: 1;
  provider?: 1;
  /** The id to read. */
  get?: string;
  /** The function to call; its result goes by the entry's name. */
  invoke?: string;
  /** As an output, with the inputs' dependencies. */
  lifted?: 1;
  reference?: string;
  /** A function for the engine to call; `opts.hooks` and `opts.transforms` of what follows go by the entry's name. */
  callback?: CallbackSpec;
  /** Fails with this message, once what stands before it is registered. */
  throw?: string;
  args?: PropertyMap;
  opts?: PropertyMap;
  /** Of the component, or (without a name) of the stack. */
  outputs?: PropertyMap;
}

/** A function of the program that the engine calls. Each call is a line in the provider's log, with what it saw. */
export interface CallbackSpec {
  /** `stackTransform` and `invokeTransform` concern all, the others what names them. */
  kind: "hook" | "errorHook" | "transform" | "stackTransform" | "invokeTransform";
  /** Fails with this message. */
  fail?: string;
  /** Hooks: called in previews, too; a failure is a warning. */
  onDryRun?: 1;
  ignoreErrors?: 1;
  /** Error hooks: how many failures are tried again; default 0. */
  retries?: number;
  /** Transforms: the one resource they concern, if not all; what they change. An input that is null is taken away. */
  only?: string;
  props?: PropertyMap;
  opts?: PropertyMap;
  /** Transforms: the options they take away. */
  drop?: string[];
}

/** What happened in a step, in the terms of the recordings. */
export interface Outcome {
  rc: number;
  ops: string[];
  /** What the steps were for: `<op> <name> <what differs>`. */
  reasons: string[];
  calls: string[];
  summary: Record<string, number>;
  state: string[];
  pending: string[];
  errors: string[];
  outputs?: PropertyMap;
}
