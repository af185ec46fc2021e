import { inline } from "../display/text.js";
import { parseUrn, shortType } from "../display/urn.js";
import { table } from "../commands/table.js";

export interface TreeResource {
  urn: string;
  id?: string;
  parent?: string;
  delete?: boolean;
}

/** A stack's resources as a tree: type and name, with ids or URNs below when asked for. */
export function resourceTree(
  resources: readonly TreeResource[],
  show: { ids: boolean; urns: boolean },
): string {
  const shown = resources.filter(
    ({ urn }) => !parseUrn(urn).type.startsWith("pulumi:providers:pulumi-nodejs"),
  );
  const known = new Set(shown.map(({ urn }) => urn));
  const rows: string[][] = [];
  const walk = (parent: string | undefined, indentation: string): void => {
    const children = shown.filter((each) =>
      parent === undefined
        ? each.parent === undefined || each.parent === "" || !known.has(each.parent)
        : each.parent === parent,
    );
    children.forEach((each, at) => {
      const isLast = at === children.length - 1;
      const isRoot = parent === undefined;
      const { type, name } = parseUrn(each.urn);
      const lead = isRoot ? "" : `${indentation}${isLast ? "└─ " : "├─ "}`;
      const below = isRoot ? "" : `${indentation}${isLast ? "   " : "│  "}`;
      rows.push([
        `    ${lead}${shortType(type)}`,
        `${inline(name)}${each.delete === true ? " (to be deleted)" : ""}`,
      ]);
      if (show.urns) rows.push([`    ${below}   URN: ${inline(each.urn)}`, ""]);
      if (show.ids && each.id !== undefined && each.id !== "") {
        rows.push([`    ${below}   ID: ${inline(each.id)}`, ""]);
      }
      // A copy that waits for its deletion has the URN of its successor, which has the children.
      if (each.delete !== true) walk(each.urn, below);
    });
  };
  walk(undefined, "");
  const narrow = rows.filter(([, name]) => name !== "");
  const aligned = table(["    TYPE", "NAME"], narrow).split("\n");
  // Ids and URNs are long and must not widen the columns.
  const lines = [aligned.shift() ?? ""];
  for (const [first = "", name] of rows) {
    lines.push(name === "" ? first : (aligned.shift() ?? ""));
  }
  return lines.join("\n");
}
