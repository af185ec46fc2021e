import type { ContainerFacts, UserFunctions } from "../model.js";
import { askTwice, FunctionFault } from "../functions.js";
import type { AffinityRule } from "./rule.js";

/** A container as affinity rules see it. */
export interface Resident extends ContainerFacts {
  /** Its name in this plan, or its owner; what `ID` compares. */
  readonly id: string;
}

/** One thing that rules ask of a container, e.g. `TYPE db`; a small number stands for it everywhere. */
interface Matcher {
  readonly verb: AffinityRule["verb"];
  readonly parameter: string;
}

/**
 * All that the rules of a plan ask of containers. A container is known by its signature: the matchers that it meets.
 * Hosts count their containers by matcher, so that judging a host costs the same however many lie there.
 */
export class Matchers {
  private readonly matchers: Matcher[] = [];
  private readonly ids = new Map<string, number>();
  /** Signatures by what they depend on, where no rule looks at single containers. */
  private readonly byType = new Map<string, readonly number[]>();
  private individual = false;

  constructor(private readonly functions: UserFunctions | undefined) {}

  get size(): number {
    return this.matchers.length;
  }

  /** The number of what a rule asks for; where it has no parameter, of the container being placed. An error is a text. */
  idOf(rule: AffinityRule, self: Resident): number | string {
    const parameter = rule.parameter ?? own(rule.verb, self);
    if (parameter === "") {
      const what = rule.verb.toLowerCase();
      return `affinity rule "${rule.text}": ${self.name} has no ${what}; name one`;
    }
    if (rule.verb === "PREDICATE" && !this.functions?.containers?.[parameter]) {
      return `affinity rule "${rule.text}": there is no function ${parameter} among the cloud's container predicates`;
    }
    const matcher = {
      verb: rule.verb,
      parameter: rule.verb === "ID" ? parameter : fold(rule.verb, parameter),
    };
    const key = `${matcher.verb} ${matcher.parameter}`;
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    this.ids.set(key, this.matchers.length);
    if (rule.verb !== "TYPE" && rule.verb !== "APPLICATION") this.individual = true;
    return this.matchers.push(matcher) - 1;
  }

  /** Which matchers a container meets. May throw a `FunctionFault`. */
  signatureOf(resident: Resident): readonly number[] {
    if (this.individual) return this.evaluate(resident);
    const key = `${resident.application}\u0000${resident.type}`;
    let signature = this.byType.get(key);
    if (!signature) {
      signature = this.evaluate(resident);
      this.byType.set(key, signature);
    }
    return signature;
  }

  private evaluate(resident: Resident): number[] {
    return this.matchers.flatMap((matcher, id) => (this.meets(matcher, resident) ? [id] : []));
  }

  private meets({ verb, parameter }: Matcher, resident: Resident): boolean {
    switch (verb) {
      case "TYPE":
        return isType(resident.type, parameter);
      case "NAME":
        return resident.name.toLowerCase().includes(parameter);
      case "ID":
        return resident.id === parameter;
      case "APPLICATION":
        return resident.application.toLowerCase() === parameter;
      case "PREDICATE": {
        const test = this.functions?.containers?.[parameter];
        const { name, application, type } = resident;
        if (!test) return false;
        const what = `predicate ${parameter}`;
        const answer = askTwice(what, `container ${name}`, () => test({ name, application, type }));
        if (typeof answer !== "boolean") {
          throw new FunctionFault(
            `${what} must say true or false of container ${name}, but said ${String(answer)}`,
          );
        }
        return answer;
      }
      case "EMPTY":
        return true;
    }
  }
}

function own(verb: AffinityRule["verb"], self: Resident): string {
  switch (verb) {
    case "TYPE":
      return self.type;
    case "ID":
      return self.id;
    case "APPLICATION":
      return self.application;
    case "NAME":
    case "PREDICATE":
      return "";
    case "EMPTY":
      return "any";
  }
}

/** Functions are called by their exact name; everything else is compared without regard to case. */
function fold(verb: AffinityRule["verb"], parameter: string): string {
  return verb === "PREDICATE" ? parameter : parameter.toLowerCase();
}

/** The whole type, or its last part after a `.` or `/`: `db` is `acme.Db` too. */
function isType(type: string, wanted: string): boolean {
  const name = type.toLowerCase();
  return (
    name === wanted ||
    name.slice(Math.max(name.lastIndexOf("."), name.lastIndexOf("/")) + 1) === wanted
  );
}
