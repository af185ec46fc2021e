import { askTwice, FunctionFault } from "../functions.js";
import type { HostState } from "../host-state.js";
import type { HostPredicate } from "../model.js";
import { hostNow, requestFacts } from "../views.js";
import type { Ask, Constraint } from "./constraint.js";
import { byComplaint } from "./simple.js";

/** A function of the program decides. */
export function predicateConstraint(name: string, test: HostPredicate, args: unknown): Constraint {
  const what = `predicate ${name}`;
  const answer = (ask: Ask, host: HostState): true | string => {
    const view = hostNow(ask, host);
    const said: unknown = askTwice(
      what,
      () => `host ${host.name}`,
      () => test(view, requestFacts(ask.request), args),
    );
    if (said === true) return true;
    if (said === false) return `is refused by ${what}`;
    if (typeof said === "string" && said !== "") return said;
    throw new FunctionFault(
      `${what} must say true, false or why not, but for host ${host.name} it said ${JSON.stringify(said)}`,
    );
  };
  const complaint = (ask: Ask, host: HostState): string => {
    const said = answer(ask, host);
    return said === true ? "accepts it" : said;
  };
  return {
    name: "predicate",
    declared: false,
    mayRelent: true,
    applies: () => true,
    accepts: (ask, host) => answer(ask, host) === true,
    explain: (ask, hosts) =>
      byComplaint(hosts, (host) => {
        const one = complaint(ask, host);
        return { one, many: one.replace(/^is /, "are ") };
      }),
    explainOne: complaint,
  };
}
