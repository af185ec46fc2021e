import type { Location } from "../model.js";
import type { Constraint } from "./constraint.js";
import { declaredConstraint } from "./simple.js";

const EU = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split(
  " ",
);

/** Unions of countries, by ISO 3166-1 code. */
const UNIONS: Readonly<Record<string, readonly string[]>> = {
  EU,
  EEA: [...EU, "IS", "LI", "NO"],
};

/** Where the law is one of these, and none of those. */
export function jurisdictionConstraint(spec: { allow?: string[]; deny?: string[] }): Constraint {
  const allow = spec.allow?.map(upper);
  const deny = spec.deny?.map(upper) ?? [];
  return declaredConstraint("jurisdiction", ({ candidate }) => {
    const known = jurisdictionsOf(candidate.location);
    if (known.length === 0) {
      return {
        one: "does not say its jurisdiction",
        many: "do not say their jurisdiction",
      };
    }
    const denied = deny.find((each) => known.includes(each));
    if (denied !== undefined) {
      return {
        one: `falls under ${denied}, which is denied`,
        many: `fall under ${denied}, which is denied`,
      };
    }
    if (!allow || allow.some((each) => known.includes(each))) return undefined;
    const where = candidate.location?.country?.toUpperCase() ?? known.join(", ");
    const wanted = allow.join(" or ");
    return {
      one: `falls under ${where}, not ${wanted}`,
      many: `fall under ${where}, not ${wanted}`,
    };
  });
}

/** Its country, the unions that the country is in, and what else the program says of it. */
export function jurisdictionsOf(location: Location | undefined): string[] {
  const country = location?.country?.toUpperCase();
  const unions =
    country === undefined
      ? []
      : Object.entries(UNIONS).flatMap(([union, members]) =>
          members.includes(country) ? [union] : [],
        );
  return [
    ...(country === undefined ? [] : [country]),
    ...unions,
    ...(location?.jurisdictions?.map(upper) ?? []),
  ];
}

function upper(text: string): string {
  return text.toUpperCase();
}
