import { describe, expect, it } from "vitest";
import { digest, jsonLine } from "../../../cli/display/json.js";
import { SIGNATURES, SIGNATURE_KEY } from "../../../engine/values/signatures.js";
import { both, note, pre, ROOT, say, secret, stamp, summary, urnOf } from "./events.js";

const WEB0 = urnOf("PlacedContainer", "web-0");
const NET = urnOf("VirtualNetwork", "net");

describe("--json", () => {
  it("writes one event a line, secrets blinded as the CLI does it", () => {
    const text = jsonLine(stamp(pre("create", WEB0, { new: { key: secret("hush"), n: 1 } }), 7));
    expect(text.endsWith("}\n")).toBe(true);
    expect(text.trimEnd()).not.toContain("\n");
    expect(JSON.parse(text)).toMatchObject({
      sequence: 7,
      resourcePreEvent: {
        metadata: {
          op: "create",
          urn: WEB0,
          new: {
            inputs: { key: { [SIGNATURE_KEY]: SIGNATURES.secret, ciphertext: "[secret]" }, n: 1 },
          },
        },
      },
    });
    expect(text).not.toContain("hush");
  });

  it("of a preview is the CLI's digest", () => {
    const script = [
      { preludeEvent: { config: { "shop:size": "3", "shop:key": "[secret]" } } },
      pre("same", ROOT, { custom: false }),
      note("ephemeral", WEB0),
      say("info", "kept", WEB0),
      say("debug", "dropped"),
      pre("update", WEB0, {
        old: { image: "a", key: secret("x") },
        new: { image: "b", key: secret("y") },
        diffs: ["image"],
      }),
      ...both("same", NET),
      summary({ update: 1, same: 2 }, 2),
    ];
    const common = {
      custom: true,
      type: "pulumi-nodejs:dynamic/clocker:PlacedContainer",
      parent: ROOT,
    };
    expect(
      digest(
        script.map((bare) => stamp(bare)),
        { showSames: false },
      ),
    ).toEqual({
      config: { "shop:size": "3", "shop:key": "[secret]" },
      steps: [
        {
          op: "same",
          urn: ROOT,
          oldState: { urn: ROOT, custom: false, type: "pulumi:pulumi:Stack" },
          newState: { urn: ROOT, custom: false, type: "pulumi:pulumi:Stack" },
          detailedDiff: null,
        },
        {
          op: "update",
          urn: WEB0,
          oldState: { urn: WEB0, ...common, inputs: { image: "a", key: "[secret]" } },
          newState: { urn: WEB0, ...common, inputs: { image: "b", key: "[secret]" } },
          diffReasons: ["image"],
          detailedDiff: null,
        },
      ],
      diagnostics: [{ urn: WEB0, message: "kept", severity: "info" }],
      duration: 2_000_000_000,
      changeSummary: { update: 1, same: 2 },
    });
  });

  it("tells what a refresh found rather than that it looked", () => {
    const { steps } = digest([stamp(pre("refresh", WEB0)), stamp(both("update", WEB0)[1] ?? {})], {
      showSames: false,
    });
    expect(steps?.map(({ op }) => op)).toEqual(["update"]);
  });
});
