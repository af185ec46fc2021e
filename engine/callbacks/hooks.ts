import type { Callback } from "@pulumi/pulumi/proto/callback_pb.js";
import * as pb from "@pulumi/pulumi/proto/resource_pb.js";
import type { EventStream } from "../deployment/diagnostics.js";
import type { PropertyMap } from "../state/model.js";
import { toStruct } from "../values/struct.js";
import type { Callbacks } from "./client.js";

/** When a hook is called. These words stand in state files. */
export const HOOK_TYPES = [
  "BeforeCreate",
  "AfterCreate",
  "BeforeUpdate",
  "AfterUpdate",
  "BeforeDelete",
  "AfterDelete",
  "OnError",
] as const;
export type HookType = (typeof HOOK_TYPES)[number];

/** The names of the hooks of one resource. */
export type HookBinding = Partial<Record<HookType, string[]>>;

/** What a hook gets to see of its resource. */
export interface HookSubject {
  urn: string;
  id: string;
  name: string;
  type: string;
  newInputs?: PropertyMap | undefined;
  oldInputs?: PropertyMap | undefined;
  newOutputs?: PropertyMap | undefined;
  oldOutputs?: PropertyMap | undefined;
}

interface ResourceHook {
  callback: Callback;
  onDryRun: boolean;
  ignoreErrors: boolean;
}

const EVERYTHING = { keepUnknowns: true, keepSecrets: true, keepResources: true };

/** The hooks that a program has registered, by name. They can be called as long as the program runs. */
export class Hooks {
  readonly #callbacks: Callbacks;
  readonly #events: EventStream;
  readonly #dryRun: boolean;
  readonly #resourceHooks = new Map<string, ResourceHook>();
  readonly #errorHooks = new Map<string, Callback>();

  constructor(callbacks: Callbacks, events: EventStream, dryRun: boolean) {
    this.#callbacks = callbacks;
    this.#events = events;
    this.#dryRun = dryRun;
  }

  register(request: pb.RegisterResourceHookRequest): void {
    this.#resourceHooks.set(this.#free(request.getName()), {
      callback: required(request.getCallback()),
      onDryRun: request.getOnDryRun(),
      ignoreErrors: request.getIgnoreErrors(),
    });
  }

  registerErrorHook(request: pb.RegisterErrorHookRequest): void {
    this.#errorHooks.set(this.#free(request.getName()), required(request.getCallback()));
  }

  #free(name: string): string {
    if (name === "") throw new Error("resource hook name cannot be empty");
    if (this.#resourceHooks.has(name) || this.#errorHooks.has(name))
      throw new Error(`resource hook already registered for name ${JSON.stringify(name)}`);
    return name;
  }

  /** Calls the hooks one after the other; the first that fails ends it, unless its errors are to be ignored. */
  async run(type: HookType, binding: HookBinding | undefined, subject: HookSubject): Promise<void> {
    for (const name of binding?.[type] ?? []) {
      const hook = this.#resourceHooks.get(name);
      if (hook === undefined) throw new Error(`hook ${JSON.stringify(name)} was not registered`);
      if (this.#dryRun && !hook.onDryRun) continue;
      const failure = await this.#call(hook.callback, subject);
      if (failure === undefined) continue;
      if (!hook.ignoreErrors) {
        const when = type.startsWith("Before") ? "before" : "after";
        throw new Error(`${when} hook ${JSON.stringify(name)} failed: ${failure}`);
      }
      const message = `${type} hook ${JSON.stringify(name)} failed: ${failure}`;
      this.#events.diagnostic("warning", message, { urn: subject.urn });
    }
  }

  /** Asks all error hooks whether an operation that failed is to be tried again. `failures`: the newest first. */
  async wantsRetry(
    names: readonly string[],
    subject: HookSubject,
    operation: "create" | "update" | "delete",
    failures: readonly string[],
  ): Promise<boolean> {
    let retry = false;
    for (const name of names) {
      const hook = this.#errorHooks.get(name);
      if (hook === undefined)
        throw new Error(`error hook ${JSON.stringify(name)} was not registered`);
      const request = describe(new pb.ErrorHookRequest(), subject)
        .setFailedOperation(operation)
        .setErrorsList([...failures]);
      const bytes = await this.#callbacks.invoke(hook, request.serializeBinary());
      const response = pb.ErrorHookResponse.deserializeBinary(bytes);
      if (response.getError() !== "")
        throw new Error(`error hook ${JSON.stringify(name)} failed: ${response.getError()}`);
      retry ||= response.getRetry();
    }
    return retry;
  }

  /** Why it failed, if it did. */
  async #call(callback: Callback, subject: HookSubject): Promise<string | undefined> {
    const request = describe(new pb.ResourceHookRequest(), subject).setNewOutputs(
      structOf(subject.newOutputs),
    );
    try {
      const bytes = await this.#callbacks.invoke(callback, request.serializeBinary());
      return pb.ResourceHookResponse.deserializeBinary(bytes).getError() || undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

/** The hooks of a registration by the words of state files; undefined when it has none. */
export function hookBinding(
  message: pb.RegisterResourceRequest.ResourceHooksBinding | undefined,
): HookBinding | undefined {
  if (message === undefined) return undefined;
  const lists: Record<HookType, string[]> = {
    BeforeCreate: message.getBeforeCreateList(),
    AfterCreate: message.getAfterCreateList(),
    BeforeUpdate: message.getBeforeUpdateList(),
    AfterUpdate: message.getAfterUpdateList(),
    BeforeDelete: message.getBeforeDeleteList(),
    AfterDelete: message.getAfterDeleteList(),
    OnError: message.getOnErrorList(),
  };
  const used = Object.entries(lists).filter(([, names]) => names.length > 0);
  return used.length === 0 ? undefined : Object.fromEntries(used);
}

/** Says in a request what both kinds of hooks are told. */
function describe<T extends pb.ResourceHookRequest | pb.ErrorHookRequest>(
  request: T,
  subject: HookSubject,
): T {
  request.setUrn(subject.urn).setId(subject.id).setName(subject.name).setType(subject.type);
  request.setNewInputs(structOf(subject.newInputs)).setOldInputs(structOf(subject.oldInputs));
  request.setOldOutputs(structOf(subject.oldOutputs));
  return request;
}

function structOf(map: PropertyMap | undefined): ReturnType<typeof toStruct> | undefined {
  return map === undefined ? undefined : toStruct(map, EVERYTHING);
}

function required(callback: Callback | undefined): Callback {
  if (callback === undefined) throw new Error("a hook needs a callback");
  return callback;
}
