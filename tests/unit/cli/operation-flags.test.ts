import { describe, expect, it } from "vitest";
import { isOn, withEnvironment } from "../../../cli/commands/operation-flags.js";

describe("what the environment says of an operation", () => {
  const env = {
    PULUMI_PARALLEL: "7",
    PULUMI_RUN_PROGRAM: "true",
    PULUMI_CONTINUE_ON_ERROR: "1",
    PULUMI_SKIP_CONFIRMATIONS: "TRUE",
  };

  it("counts where the command line says nothing", () => {
    const flags = withEnvironment({ diff: true }, env);
    expect(flags).toEqual({
      diff: true,
      parallel: 7,
      runProgram: true,
      continueOnError: true,
      yes: true,
    });
  });

  it("counts less than the command line", () => {
    const flags = withEnvironment({ parallel: 2, runProgram: "false", previewOnly: true }, env);
    expect(flags).toMatchObject({ parallel: 2, previewOnly: true });
    expect(isOn(flags.runProgram)).toBe(false);
    expect(flags.yes).toBeUndefined();
  });

  it("says nothing when it is off, or no number", () => {
    const off = {
      PULUMI_PARALLEL: "many",
      PULUMI_RUN_PROGRAM: "0",
      PULUMI_CONTINUE_ON_ERROR: "no",
      PULUMI_SKIP_CONFIRMATIONS: "",
    };
    expect(withEnvironment({}, off)).toEqual({});
  });
});
