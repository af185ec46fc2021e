import type { CheckFailure, CheckResult } from "../../lifecycle.js";
import { progress } from "../../progress.js";
import { isUnknown } from "../../unknown.js";
import { withDefaults } from "./defaults.js";
import type { PlacedContainerInputs } from "./inputs.js";
import { isRecord, Problems } from "../../validation/problems.js";
import { userPath } from "../../validation/user-path.js";
import { validatePlace, validateSpec } from "./validate.js";

/**
 * Fills in every default and refuses what cannot work, before anything is touched. No I/O, since the engine checks
 * one resource at a time. Values may be unknown anywhere.
 */
export async function check(
  olds: Partial<PlacedContainerInputs>,
  news: PlacedContainerInputs,
): Promise<CheckResult<PlacedContainerInputs>> {
  const spec: unknown = news.spec;
  const inputs = {
    ...news,
    spec: isRecord(spec) ? withDefaults(spec) : spec,
  } as PlacedContainerInputs;
  const failures = problemsOf(inputs);
  if (failures.length > 0) return { inputs, failures };
  const row = placementRow(olds, inputs);
  if (row !== undefined) progress(row);
  return { inputs };
}

/**
 * The property stands in the reason: for a top-level property the engine would print its whole value, secrets
 * included.
 */
function problemsOf(inputs: PlacedContainerInputs): CheckFailure[] {
  const problems = new Problems(() => "is not a property of a container");
  validatePlace(problems, inputs as unknown as Record<string, unknown>);
  validateSpec(problems, inputs.spec);
  return problems.found.map(({ path, rule }) => ({
    property: "",
    reason: path === "" ? rule : `${userPath(path)}: ${rule}`,
  }));
}

/** `host  addresses  reason` for a container that is new or moves; undefined when it stays as it is. */
export function placementRow(
  olds: Partial<PlacedContainerInputs>,
  { place }: PlacedContainerInputs,
): string | undefined {
  if (isUnknown(place) || isUnknown(place.host)) return "placed after hosts exist";
  const addresses = addressList(place);
  const before = olds.place;
  if (before !== undefined && before.host === place.host && addressList(before) === addresses) {
    return undefined;
  }
  const reason = isUnknown(place.reason) ? "" : place.reason;
  return [place.host, addresses, reason].filter((part) => part !== "").join("  ");
}

function addressList(place: PlacedContainerInputs["place"]): string {
  const networks: unknown = place.networks;
  if (!Array.isArray(networks)) return "";
  return place.networks
    .flatMap((network) => (isUnknown(network) ? [] : [network.address, network.address6]))
    .filter((address) => address !== undefined && !isUnknown(address))
    .join(" ");
}
