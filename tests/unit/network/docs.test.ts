import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DRIVER_FACTS } from "../../../provider/ipam/driver-facts.js";
import { cniPlan } from "../../../provider/network/cni/plan.js";

const docs = readFileSync("docs/networking.md", "utf8");
const squeezed = (text: string) => text.replace(/\s+/g, " ").trim();
const blocks = (language: string) =>
  [...docs.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, "g"))].map(
    ([, body]) => body ?? "",
  );

describe("docs/networking.md", () => {
  it("has a row and a section for every driver, and for no other", () => {
    const drivers = Object.keys(DRIVER_FACTS).sort();
    const rows = [...docs.matchAll(/^\| `([a-z]+)`/gm)].map(([, name]) => name);
    const sections = [...docs.matchAll(/^### ([a-z]+)$/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(drivers);
    expect(sections.sort()).toEqual(drivers);
  });

  it("shows code that the compiler checks", () => {
    const examples = squeezed(readFileSync("tests/unit/network/docs-examples.ts", "utf8"));
    const shown = blocks("ts");
    // and a gateway's, other name servers', a machine's, two zones', IPv6's, and a port's that is open on every host
    expect(shown).toHaveLength(Object.keys(DRIVER_FACTS).length + 7);
    for (const block of shown) expect(examples).toContain(squeezed(block).replace(/;$/, ""));
  });

  it("shows a chain of CNI plugins that the driver takes", () => {
    const chains = blocks("json");
    expect(chains).toHaveLength(1);
    for (const conflist of chains)
      expect(cniPlan.optionProblems({ conflist, hostLink: "lanbr0" })).toEqual([]);
  });
});
