import type { Ask } from "../constraints/constraint.js";
import { askTwice, FunctionFault } from "../functions.js";
import type { HostState } from "../host-state.js";
import type { HostScore } from "../model.js";
import { hostNow, requestFacts } from "../views.js";
import { points } from "../words.js";
import type { Strategy } from "./strategy.js";

/** A score of the program for hosts as they fill. */
export function scoreStrategy(name: string, score: HostScore, args: unknown): Strategy {
  const what = `score ${name}`;
  const of = (ask: Ask, host: HostState): number => {
    const view = hostNow(ask, host);
    const request = requestFacts(ask.request);
    const answer: unknown = askTwice(
      what,
      () => `host ${host.name}`,
      () => score(view, request, args),
    );
    if (typeof answer !== "number" || !Number.isFinite(answer)) {
      throw new FunctionFault(
        `${what} must give a number for host ${host.name}, but gave ${String(answer)}`,
      );
    }
    return answer;
  };
  return {
    name: `score ${name} ${JSON.stringify(args)}`,
    byType: true,
    changes: "freely",
    margin: 0,
    key: (ask, host) => 0 - of(ask, host),
    score: of,
    better: (ask, winner, next) =>
      `${name}: ${points(of(ask, winner))} here, ${points(of(ask, next))} on ${next.name}`,
    equal: (ask, winner, next) => `${name}: ${points(of(ask, winner))} here and on ${next.name}`,
  };
}
