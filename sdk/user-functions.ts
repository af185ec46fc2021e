import * as pulumi from "@pulumi/pulumi";
import type { UserFunctions } from "../provider/placement/model.js";
import type { FunctionTexts } from "../provider/resources/placement/inputs.js";

type Kind = keyof UserFunctions;
type AnyFunction = (...args: never[]) => unknown;

const WORDS: Readonly<Record<Kind, string>> = {
  predicates: "predicate",
  comparators: "comparator",
  scores: "score",
  containers: "container predicate",
};

/** Of these a serialised closure has the methods but not what they work on, so that they fail where it runs. */
const HOLLOW = new RegExp(
  String.raw`^(?:var __\w+ = Object\.create\(|Object\.defineProperty\(__\w+, .* value: )global\.` +
    String.raw`((?:Weak)?(?:Set|Map)|Date|Promise|\w*ArrayBuffer|\w+Array)\.prototype\b`,
  "m",
);

/**
 * Functions of the program that take part in placement, by kind and name. They run where the provider runs, so they go
 * there as text, by Pulumi's own serialisation of closures; the text is an input of the plan, and a changed function
 * shows in the preview.
 */
export class FunctionBook {
  private readonly found = new Map<Kind, Map<string, Set<AnyFunction>>>();
  private readonly texts = new Map<AnyFunction, Promise<string>>();

  /** `cloud`: for messages. */
  constructor(private readonly cloud: string) {}

  add(kind: Kind, name: string, run: AnyFunction): void {
    const named = this.found.get(kind) ?? new Map<string, Set<AnyFunction>>();
    this.found.set(kind, named);
    named.set(name, (named.get(name) ?? new Set<AnyFunction>()).add(run));
  }

  /** The texts of all that was added so far; undefined when there are none. */
  async serialised(): Promise<FunctionTexts | undefined> {
    if (this.found.size === 0) return undefined;
    const texts: Record<string, Record<string, string>> = {};
    for (const [kind, named] of this.found) {
      for (const [name, functions] of named) {
        const all = await Promise.all([...functions].map((run) => this.textOf(kind, name, run)));
        if (new Set(all).size > 1) {
          throw new pulumi.RunError(
            `DockerCloud ${this.cloud}: two different functions are the ${WORDS[kind]} ${JSON.stringify(name)}: ` +
              "give one of them another name, or hand what differs to it as args",
          );
        }
        (texts[kind] ??= {})[name] = all[0] ?? "";
      }
    }
    return texts;
  }

  private textOf(kind: Kind, name: string, run: AnyFunction): Promise<string> {
    let text = this.texts.get(run);
    if (!text) this.texts.set(run, (text = this.serialise(kind, name, run)));
    return text;
  }

  private async serialise(kind: Kind, name: string, run: AnyFunction): Promise<string> {
    const what = `DockerCloud ${this.cloud}: the ${WORDS[kind]} ${JSON.stringify(name)}`;
    const text = await pulumi.runtime.serializeFunction(run).then(
      (serialised) => serialised.text,
      (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        throw new pulumi.RunError(`${what} cannot be serialised: ${why.trim()}`);
      },
    );
    const [, captured] = HOLLOW.exec(text) ?? [];
    if (captured === undefined) return text;
    throw new pulumi.RunError(
      `${what} closes over a ${captured}, whose content does not go with it: ` +
        "use an array or a plain object, or make it inside the function",
    );
  }
}
