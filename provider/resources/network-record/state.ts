import { ownerOf } from "../../host/ownership.js";
import { joinsOf, type Joins } from "../network-joins.js";
import type { RecordInputs, RecordState } from "./inputs.js";

/** Keys of the state that are not inputs. */
export const STATE_KEYS = ["generation", "joins", "problems"] as const;

export function stateOf<Inputs extends RecordInputs>(
  inputs: Inputs,
  generation: string,
  problems: Record<string, string[]>,
  joins: Joins = {},
): RecordState<Inputs> {
  return {
    ...inputs,
    generation,
    ...(Object.keys(joins).length > 0 ? { joins: { ...joins } } : {}),
    ...(Object.keys(problems).length > 0 ? { problems } : {}),
  };
}

/** The words that hosts have now: those of before where the network is no part of this run. */
export function joinsNow<Inputs extends RecordInputs>(
  { meta, network, hosts }: Inputs,
  before?: Joins,
): Joins {
  const joins = joinsOf(ownerOf({ ...meta, name: network })) ?? before ?? {};
  const names = new Set(hosts.map(({ name }) => name));
  return Object.fromEntries(Object.entries(joins).filter(([host]) => names.has(host)));
}

/** Hosts that have left the network and come back since the record was written there, so that they do not have it. */
export function rejoined<Inputs extends RecordInputs>(state: RecordState<Inputs>): string[] {
  const now = joinsNow(state, state.joins);
  return state.hosts.map(({ name }) => name).filter((name) => now[name] !== state.joins?.[name]);
}

/** The inputs that a state was made from. */
export function inputsOf<Inputs extends RecordInputs>(state: RecordState<Inputs>): Inputs {
  const { generation: _generation, joins: _joins, problems: _problems, ...inputs } = state;
  return inputs as unknown as Inputs;
}
