import type { ContainerFacts, UserFunctions } from "../model.js";
import { askTwice, FunctionFault } from "../functions.js";
import { TypeMap } from "../type-map.js";
import type { AffinityRule } from "./rule.js";

/** A container as affinity rules see it. */
export interface Resident extends ContainerFacts {
  /** Its name in this plan, or its owner; what `ID` compares. */
  readonly id: string;
}

/** One thing that rules ask of a container, e.g. `TYPE db`; a small number stands for it everywhere. */
interface Matcher {
  readonly id: number;
  readonly verb: AffinityRule["verb"];
  readonly parameter: string;
}

/**
 * All that the rules of a plan ask of containers. A container is known by its signature: the matchers that it meets.
 * Hosts count their containers by matcher, so that judging a host costs the same however many lie there.
 */
export class Matchers {
  private readonly ids = new Map<string, number>();
  /** Those that see no more of a container than its application and type. */
  private readonly ofTypes: Matcher[] = [];
  /** Those that look at each container for itself. */
  private readonly ofEach: Matcher[] = [];
  private readonly byType = new TypeMap<readonly number[]>();

  constructor(private readonly functions: UserFunctions | undefined) {}

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
    const { verb } = rule;
    const wanted = verb === "ID" ? parameter : fold(verb, parameter);
    const key = `${verb} ${wanted}`;
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    const id = this.ids.size;
    this.ids.set(key, id);
    const seesTypes = verb === "TYPE" || verb === "APPLICATION";
    (seesTypes ? this.ofTypes : this.ofEach).push({ id, verb, parameter: wanted });
    return id;
  }

  /** Which matchers a container meets; `id` as in `Resident`. May throw a `FunctionFault`. */
  signatureOf(facts: ContainerFacts, id: string): readonly number[] {
    const { application, type } = facts;
    let shared = this.byType.get(application, type);
    if (!shared) {
      shared = this.met(this.ofTypes, facts, id);
      this.byType.set(application, type, shared);
    }
    if (this.ofEach.length === 0) return shared;
    const own = this.met(this.ofEach, facts, id);
    return own.length > 0 ? [...shared, ...own] : shared;
  }

  private met(matchers: readonly Matcher[], facts: ContainerFacts, id: string): number[] {
    const name = facts.name.toLowerCase();
    const met: number[] = [];
    for (const matcher of matchers) {
      if (this.meets(matcher, facts, id, name)) met.push(matcher.id);
    }
    return met;
  }

  private meets(
    { verb, parameter }: Matcher,
    { name, application, type }: ContainerFacts,
    id: string,
    lowerName: string,
  ): boolean {
    switch (verb) {
      case "TYPE":
        return isType(type, parameter);
      case "NAME":
        return lowerName.includes(parameter);
      case "ID":
        return id === parameter;
      case "APPLICATION":
        return application.toLowerCase() === parameter;
      case "PREDICATE": {
        const test = this.functions?.containers?.[parameter];
        if (!test) return false;
        const what = `predicate ${parameter}`;
        const answer = askTwice(
          what,
          () => `container ${name}`,
          () => test({ name, application, type }),
        );
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
