import { describe, expect, it } from "vitest";
import { renderPropertyDiffs } from "../../../cli/display/property-diff.js";
import { UNKNOWN_STRING } from "../../../engine/values/signatures.js";
import { both, options, play, screenText, secret, urnOf } from "./events.js";

const WEB0 = urnOf("PlacedContainer", "web-0");

describe("property diffs", () => {
  it("show old and new, mask secrets, name unknowns and say what forces a replacement", () => {
    const change = {
      old: {
        image: "web:1",
        env: { A: "1", B: "2", KEY: secret("a") },
        ports: [{ host: 80 }, { host: 81 }],
        token: secret("old"),
        gone: true,
        __provider: "code",
      },
      new: {
        image: "web:2",
        env: { A: "1", B: "3", C: "4", KEY: secret("a") },
        ports: [{ host: 80 }],
        token: secret("new"),
        address: UNKNOWN_STRING,
        __provider: "other code",
      },
      keys: ["image"],
      diffs: ["image", "env", "ports", "token", "gone", "address"],
    };
    const { progress } = play([
      ...both("create-replacement", WEB0, change),
      ...both("replace", WEB0, change),
      ...both("delete-replaced", WEB0, change),
    ]);
    progress.finish();
    expect(screenText(renderPropertyDiffs(progress))).toBe(
      `
Changes:
  +- clocker:PlacedContainer (web-0) replace
     + address: [unknown]
     ~ env:
       ~ B: "2" => "3"
       + C: "4"
     - gone: true
     ~ image: "web:1" => "web:2"  [forces replacement]
     ~ ports:
       - [1]: { host: 81 }
     ~ token: [secret] => [secret]
`.trimStart(),
    );
  });

  it("show all inputs of what is created, long ones as a tree, text as text", () => {
    const { progress } = play(
      both("create", WEB0, {
        new: {
          image: "web:1",
          script: "set -e\nrun\n",
          labels: {
            "clocker.example/owner": "shop/dev/web-0",
            "clocker.example/generation": "a1b2c3",
          },
        },
      }),
    );
    expect(screenText(renderPropertyDiffs(progress))).toBe(
      `
Changes:
  +  clocker:PlacedContainer (web-0) create
     + image: "web:1"
     + labels:
       + clocker.example/owner: "shop/dev/web-0"
       + clocker.example/generation: "a1b2c3"
     + script: |
         set -e
         run
`.trimStart(),
    );
  });

  it("show a text that has changed line by line", () => {
    const text = (...lines: string[]): string => lines.join("\n");
    const { progress } = play(
      both("update", WEB0, {
        old: { script: text("a", "b", "c", "d", "set -e", "run 1", "stop", "end") },
        new: { script: text("a", "b", "c", "d", "set -e", "run 2", "wait", "stop", "end") },
        diffs: ["script"],
      }),
    );
    expect(screenText(renderPropertyDiffs(progress))).toBe(
      `
Changes:
  ~  clocker:PlacedContainer (web-0) update
     ~ script:
         (3 lines)
         d
         set -e
       - run 1
       + run 2
       + wait
         stop
         end
`.trimStart(),
    );
  });

  it("are empty when nothing changes", () => {
    const { progress } = play(both("same", WEB0), options());
    expect(renderPropertyDiffs(progress)).toEqual([]);
  });
});
