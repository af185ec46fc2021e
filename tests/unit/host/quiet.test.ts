import { describe, expect, it } from "vitest";
import { reportOnce } from "../../../provider/quiet.js";

describe("errors that are in the diagnostics already", () => {
  it("are held back from stderr once each, and nothing else is", () => {
    const lines: unknown[][] = [];
    console.error = (...args: unknown[]) => void lines.push(args);
    const ours = Object.assign(new Error("host h2: cannot be reached"), { stack: "" });
    reportOnce(ours);
    const asTheServerWrites = `${String(ours)}: ${ours.stack}`;
    console.error(asTheServerWrites);
    console.error(asTheServerWrites);
    console.error("another line");
    expect(lines).toEqual([["Error: host h2: cannot be reached: "], ["another line"]]);
  });
});
